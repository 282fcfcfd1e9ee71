"""Runs and payouts, looked up and listed (newest first)."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound
from core.ids import key_of
from core.money import Money
from payouts.payable import payable, why_not
from payouts.store import Payout, Run, find_payout, find_run, payout_of, payouts, run_of
from payouts.tables import payout, payout_run

__all__ = ["get_payout", "get_run", "list_payouts", "list_runs", "paid_out", "payable", "why_not"]


def get_run(session: Session, run_id: str) -> Run:
    """Raises:
    NotFound: `not_found`.
    """
    return run_of(find_run(session, run_id))


def get_payout(session: Session, payout_id: str) -> Payout:
    """Raises:
    NotFound: `not_found`.
    """
    return payout_of(find_payout(session, payout_id))


def list_runs(
    session: Session, *, state: str | None = None, limit: int = 100, after: str | None = None
) -> list[Run]:
    """Runs after the run `after` in the list.

    Raises:
        Invalid: `bad_cursor`.
    """
    query = select(payout_run).order_by(payout_run.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(payout_run.c.state == state)
    if after is not None:
        query = query.where(payout_run.c.id < _cursor("run", after))
    return [run_of(row) for row in session.execute(query)]


def list_payouts(
    session: Session,
    *,
    run: str | None = None,
    creator: str | None = None,
    state: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> list[Payout]:
    """Payouts after the payout `after` in the list.

    Raises:
        NotFound: `not_found`, no such run.
        Invalid: `bad_cursor`.
    """
    query = payouts().order_by(payout.c.id.desc()).limit(limit)
    if run is not None:
        query = query.where(payout.c.run_id == find_run(session, run).id)
    if creator is not None:
        query = query.where(payout.c.creator == creator)
    if state is not None:
        query = query.where(payout.c.state == state)
    if after is not None:
        query = query.where(payout.c.id < _cursor("po", after))
    return [payout_of(row) for row in session.execute(query)]


def paid_out(session: Session, creator: str) -> dict[str, Money]:
    """What a creator has been paid, by currency; what came back is not in it."""
    paid = select(payout.c.currency, func.sum(payout.c.amount - payout.c.reversed).label("total")).where(
        payout.c.creator == creator, payout.c.state == "paid"
    )
    rows = session.execute(paid.group_by(payout.c.currency).order_by(payout.c.currency))
    return {row.currency: Money(int(row.total), row.currency) for row in rows}


def _cursor(prefix: str, text: str) -> int:
    try:
        return key_of(prefix, text)
    except NotFound:
        raise Invalid("bad_cursor", "This cursor belongs to no list of this kind.") from None
