"""Grants: a line gives a creator money for a reason that a person names; a large grant needs a second person.

A grant is no reward: it stands in the creator's statement and balance, and not among the earnings.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from catalog.tables import creator as catalog_creator
from core.errors import Invalid, NotFound, Refused
from core.ids import key_of, public_id
from core.money import MICROS, Money
from core.people import same_person
from core.settings import Settings
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.tables import entry
from rewards.fund_locks import find_fund, find_lines, require_currency, require_money
from rewards.fund_tables import fund, fund_grant


@dataclass(frozen=True, slots=True)
class Grant:
    """Money from a line to a creator: proposed | done | declined. Nobody decided and yet done: it needed nobody."""

    id: str
    fund: str
    line: str
    creator: str
    amount: Money
    reason: str
    state: str
    proposed_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    entry: str | None


def grant(
    session: Session,
    fund_id: str,
    line: str,
    creator: str,
    amount: Money,
    reason: str,
    person: str,
    now: datetime,
    settings: Settings,
) -> Grant:
    """Give a creator money from a line: available at once, or, above the limit, when another person approves.

    Raises:
        NotFound: no such fund or line.
        Invalid: `wrong_currency`; `unknown_reference`, no such creator.
        Refused: `creator_suspended`; `not_enough_money`.
    """
    row = find_fund(session, fund_id)
    at_once = amount.micros <= settings.grant_limit * MICROS
    # Before the grant's row refers to the line: a lock that grows meets one that waits for it to go.
    if not find_lines(session, fund_id, line, lock=at_once):
        raise NotFound("not_found", f"The fund has no line {line!r}.")
    require_currency(amount, row.currency, "/amount/currency")
    _require_active(session, creator)
    if at_once:
        require_money(session, fund_id, line, amount)
    made = fund_grant.insert().values(
        fund=fund_id,
        line=line,
        creator=creator,
        amount=amount.micros,
        reason=reason,
        proposed_by=person,
        created_at=now,
    )
    key = session.scalars(made.returning(fund_grant.c.id)).one()
    found = session.execute(select(fund_grant).where(fund_grant.c.id == key)).one()
    if at_once:
        _pay(session, found, None, now, settings)
    return _read(session, key)


def approve_grant(session: Session, grant_id: str, person: str, now: datetime, settings: Settings) -> Grant:
    """Grant what another person proposed.

    Raises:
        NotFound: no such grant.
        Refused: `grant_decided`; `own_grant`; `creator_suspended` or `not_enough_money`, then it stays proposed.
    Of two who decide at once, the row's lock lets one through.
    """
    row = _undecided(session, grant_id)
    if same_person(row.proposed_by, person):
        raise Refused("own_grant", "Another person must approve what you proposed.")
    _require_active(session, row.creator)
    _pay(session, row, person, now, settings)
    return _read(session, row.id)


def decline_grant(session: Session, grant_id: str, person: str, now: datetime) -> Grant:
    """Turn a grant down for good; who proposed it may take it back so.

    Raises:
        NotFound: no such grant.
        Refused: `grant_decided`.
    """
    row = _undecided(session, grant_id)
    _decide(session, row.id, state="declined", decided_by=person, decided_at=now)
    return _read(session, row.id)


def get_grant(session: Session, grant_id: str) -> Grant:
    """Raises:
    NotFound: no such grant.
    """
    return _read(session, _find(session, grant_id, lock=False).id)


def list_grants(
    session: Session, fund_id: str, line: str, state: str | None, limit: int, before: int | None
) -> list[tuple[int, Grant]]:
    """A line's grants with their keys, newest first.

    Raises:
        NotFound: no such fund or line.
    """
    if not find_lines(session, fund_id, line):
        raise NotFound("not_found", "No such line.")
    g = fund_grant.c
    query = _grants().where(g.fund == fund_id, g.line == line).order_by(g.id.desc()).limit(limit)
    if state is not None:
        query = query.where(g.state == state)
    if before is not None:
        query = query.where(g.id < before)
    return [(row.id, _shown(row)) for row in session.execute(query)]


def _require_active(session: Session, creator: str) -> None:
    status = session.scalar(select(catalog_creator.c.status).where(catalog_creator.c.id == creator))
    if status is None:
        raise Invalid("unknown_reference", f"No creator {creator!r}.", pointer="/creator")
    if status != "active":
        raise Refused("creator_suspended", f"The creator {creator!r} is {status}: nothing is granted.")


def _pay(session: Session, row: Row[Any], person: str | None, now: datetime, settings: Settings) -> None:
    find_lines(session, row.fund, row.line, lock=True)
    amount = Money(row.amount, find_fund(session, row.fund).currency)
    require_money(session, row.fund, row.line, amount)
    posted = post(
        session,
        key=f"grant:{row.id}",
        kind="fund.grant",
        effective_on=now.astimezone(settings.zone).date(),
        note=row.reason,
        legs=[
            debit(accounts.fund_line(row.fund, row.line), amount),
            credit(accounts.creator(row.creator, "available"), amount),
        ],
    )
    decided_at = None if person is None else now
    _decide(session, row.id, state="done", decided_by=person, decided_at=decided_at, entry_id=posted.id)


def _decide(session: Session, key: int, **values: Any) -> None:
    session.execute(fund_grant.update().where(fund_grant.c.id == key).values(**values))


def _find(session: Session, grant_id: str, *, lock: bool) -> Row[Any]:
    query = select(fund_grant).where(fund_grant.c.id == key_of("fgr", grant_id))
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or public_id("fgr", row.id, row.created_at) != grant_id:
        raise NotFound("not_found", "No such grant.")
    return row


def _undecided(session: Session, grant_id: str) -> Row[Any]:
    row = _find(session, grant_id, lock=True)
    if row.state != "proposed":
        raise Refused("grant_decided", f"The grant is {row.state}.", state=row.state)
    return row


def _grants() -> Select[Any]:
    return (
        select(fund_grant, fund.c.currency, entry.c.recorded_at)
        .join(fund, fund.c.id == fund_grant.c.fund)
        .outerjoin(entry, entry.c.id == fund_grant.c.entry_id)
    )


def _read(session: Session, key: int) -> Grant:
    return _shown(session.execute(_grants().where(fund_grant.c.id == key)).one())


def _shown(row: Row[Any]) -> Grant:
    return Grant(
        public_id("fgr", row.id, row.created_at),
        row.fund,
        row.line,
        row.creator,
        Money(row.amount, row.currency),
        row.reason,
        row.state,
        row.proposed_by,
        row.created_at,
        row.decided_by,
        row.decided_at,
        row.entry_id and public_id("ent", row.entry_id, row.recorded_at),
    )
