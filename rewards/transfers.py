"""Transfers: money moves from one line of a fund to another when two people say so.

Proposing moves nothing and promises nothing: whether the line holds enough is asked when the other person approves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound, Refused
from core.ids import key_of, public_id
from core.money import Money
from core.people import same_person
from core.settings import Settings
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.tables import entry
from rewards.fund_locks import find_fund, find_lines, require_currency, require_money
from rewards.fund_tables import fund, fund_transfer


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer between two lines: proposed | done | declined."""

    id: str
    fund: str
    source: str
    target: str
    amount: Money
    reason: str
    state: str
    proposed_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    entry: str | None


def propose_transfer(
    session: Session,
    fund_id: str,
    source: str,
    target: str,
    amount: Money,
    reason: str,
    person: str,
    now: datetime,
) -> Transfer:
    """Ask for a transfer; another person decides.

    Raises:
        NotFound: no such fund.
        Invalid: `wrong_currency`, `unknown_reference` (a line), `same_line`.
    """
    row = find_fund(session, fund_id)
    require_currency(amount, row.currency, "/amount/currency")
    known = find_lines(session, fund_id, source, target)
    for pointer, line in (("/from", source), ("/to", target)):
        if line not in known:
            raise Invalid("unknown_reference", f"The fund has no line {line!r}.", pointer=pointer)
    if source == target:
        raise Invalid("same_line", "A transfer goes from one line to another.", pointer="/to")
    made = fund_transfer.insert().values(
        fund=fund_id,
        source=source,
        target=target,
        amount=amount.micros,
        reason=reason,
        proposed_by=person,
        created_at=now,
    )
    key = session.scalars(made.returning(fund_transfer.c.id)).one()
    return _read(session, key)


def approve_transfer(
    session: Session, fund_id: str, transfer_id: str, person: str, now: datetime, settings: Settings
) -> Transfer:
    """Move the money that another person proposed to move.

    Raises:
        NotFound: no such transfer of the fund.
        Refused: `transfer_decided`; `own_transfer`; `not_enough_money`, then it stays proposed.
    Of two who decide at once, the row's lock lets one through; transfers in both directions lock both lines in order.
    """
    row = _undecided(session, fund_id, transfer_id)
    if same_person(row.proposed_by, person):
        raise Refused("own_transfer", "Another person must approve what you proposed.")
    find_lines(session, fund_id, row.source, row.target, lock=True)
    amount = Money(row.amount, find_fund(session, fund_id).currency)
    require_money(session, fund_id, row.source, amount)
    posted = post(
        session,
        key=f"transfer:{row.id}",
        kind="fund.transfer",
        effective_on=now.astimezone(settings.zone).date(),
        note=row.reason,
        legs=[
            debit(accounts.fund_line(fund_id, row.source), amount),
            credit(accounts.fund_line(fund_id, row.target), amount),
        ],
    )
    return _decide(session, row.id, "done", person, now, posted.id)


def decline_transfer(
    session: Session, fund_id: str, transfer_id: str, person: str, now: datetime
) -> Transfer:
    """Turn a transfer down for good; who proposed it may take it back so.

    Raises:
        NotFound: no such transfer of the fund.
        Refused: `transfer_decided`.
    """
    row = _undecided(session, fund_id, transfer_id)
    return _decide(session, row.id, "declined", person, now, None)


def get_transfer(session: Session, fund_id: str, transfer_id: str) -> Transfer:
    """Raises:
    NotFound: no such transfer of the fund.
    """
    return _read(session, _find(session, fund_id, transfer_id, lock=False).id)


def list_transfers(
    session: Session, fund_id: str, state: str | None, limit: int, before: int | None
) -> list[tuple[int, Transfer]]:
    """A fund's transfers with their keys, newest first.

    Raises:
        NotFound: no such fund.
    """
    find_fund(session, fund_id)
    t = fund_transfer.c
    query = _transfers().where(t.fund == fund_id).order_by(t.id.desc()).limit(limit)
    if state is not None:
        query = query.where(t.state == state)
    if before is not None:
        query = query.where(t.id < before)
    return [(row.id, _shown(row)) for row in session.execute(query)]


def _find(session: Session, fund_id: str, transfer_id: str, *, lock: bool) -> Row[Any]:
    t = fund_transfer.c
    query = select(fund_transfer).where(t.id == key_of("ftr", transfer_id), t.fund == fund_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or public_id("ftr", row.id, row.created_at) != transfer_id:
        raise NotFound("not_found", "No such transfer.")
    return row


def _undecided(session: Session, fund_id: str, transfer_id: str) -> Row[Any]:
    row = _find(session, fund_id, transfer_id, lock=True)
    if row.state != "proposed":
        raise Refused("transfer_decided", f"The transfer is {row.state}.", state=row.state)
    return row


def _decide(
    session: Session, key: int, state: str, person: str, now: datetime, entry_id: int | None
) -> Transfer:
    values = {"state": state, "decided_by": person, "decided_at": now, "entry_id": entry_id}
    session.execute(fund_transfer.update().where(fund_transfer.c.id == key).values(**values))
    return _read(session, key)


def _transfers() -> Select[Any]:
    return (
        select(fund_transfer, fund.c.currency, entry.c.recorded_at)
        .join(fund, fund.c.id == fund_transfer.c.fund)
        .outerjoin(entry, entry.c.id == fund_transfer.c.entry_id)
    )


def _read(session: Session, key: int) -> Transfer:
    return _shown(session.execute(_transfers().where(fund_transfer.c.id == key)).one())


def _shown(row: Row[Any]) -> Transfer:
    return Transfer(
        public_id("ftr", row.id, row.created_at),
        row.fund,
        row.source,
        row.target,
        Money(row.amount, row.currency),
        row.reason,
        row.state,
        row.proposed_by,
        row.created_at,
        row.decided_by,
        row.decided_at,
        row.entry_id and public_id("ent", row.entry_id, row.recorded_at),
    )
