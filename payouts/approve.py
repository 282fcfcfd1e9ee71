"""Approve a run: another person than the one who drafted it lets it go."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.people import same_person
from ledger.halt import refuse_if_halted
from payouts.settings import get_settings
from payouts.store import Run, find_run, run_of
from payouts.tables import payout, payout_run


def approve_run(session: Session, run_id: str, person: str, now: datetime) -> Run:
    """Let a drafted run be sent. Its money is reserved already, so nothing but the state changes.

    A run above the currency's approval limit (the lower of that when it was asked for and the present one, so that
    one person cannot lift it and approve) needs two: the first approval leaves it `draft` with `approved_by` set,
    the second, by a third person, lets it go.

    Raises:
        NotFound: `not_found`.
        Refused: `run_not_draft`, `own_draft`, `own_approval` (the second approver is the first), `own_verification`
            (who vouched for a destination in the run lets no money go there).
        Unavailable: `ledger_halted`.
    """
    refuse_if_halted(session)
    run = find_run(session, run_id, lock=True)
    if run.state != "draft":
        raise Refused("run_not_draft", f"The run is {run.state}.", state=run.state)
    if same_person(run.drafted_by, person):
        raise Refused("own_draft", "Another person must approve what you drafted.")
    if same_person(run.approved_by, person):
        raise Refused("own_approval", "A run above the limit needs a second person besides you.")
    if _vouched(session, run.id, person):
        raise Refused(
            "own_verification", "Another person must approve payouts to destinations that you verified."
        )

    present = get_settings(session, run.currency).approval_limit
    limit = min(
        (each for each in (run.approval_limit, present and present.micros) if each is not None), default=None
    )
    values: dict[str, object] = {"confirmed_by": person} if run.approved_by else {"approved_by": person}
    if run.approved_by or limit is None or run.total <= limit:
        values |= {"state": "approved", "approved_at": now}
    changed = update(payout_run).where(payout_run.c.id == run.id).values(**values).returning(payout_run)
    return run_of(session.execute(changed).one())


def _vouched(session: Session, run_key: int, person: str) -> bool:
    """Did the person verify a destination of the run as it was drafted? Names are compared as persons."""
    vouchers = select(payout.c.verified_by).where(payout.c.run_id == run_key, payout.c.state != "cancelled")
    return any(same_person(each, person) for each in session.scalars(vouchers.distinct()))
