"""Match a statement's new lines: payments that went out, payments that came back, and the rest into suspense."""

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.secrets import Vault
from ledger import accounts
from ledger.bulk import one_bulk_at_a_time
from ledger.post import open_accounts
from payouts.payable import IN_TRANSIT
from payouts.settle import settle_row
from payouts.store import day_of, end_run, payouts
from payouts.tables import payout, payout_run

_CHUNK = 10_000
_LOCK = text(
    "SELECT id FROM payout WHERE id IN (SELECT payout_id FROM statement_line) ORDER BY id FOR UPDATE"
)


def match_lines(
    session: Session, vault: Vault, statement: int, currency: str, person: str, now: datetime
) -> None:
    """Settle what the lines in `statement_line` settle. Each payout is paid by one line and returned by one.

    Returns credit many creators in entries of their own, so this takes its turn among those who post to many accounts.
    """
    day = day_of(session, now)
    session.execute(sql("payouts.bank", "match_marks"), {"currency": currency})
    _match_documents(session, vault, currency)
    runs = _lock(session)
    one_bulk_at_a_time(session)
    said = {"statement": statement, "currency": currency, "person": person, "now": now, "day": day}
    session.execute(sql("payouts.bank", "know"), {"statement": statement})
    while session.execute(sql("payouts.bank", "settle_paid"), said | _books(session, currency)).one().paid:
        pass
    _return(session, statement, person, now)
    for run in runs:
        end_run(session, run)
    _suspend(session, statement, currency, day)


def _books(session: Session, currency: str) -> dict[str, object]:
    bank = accounts.bank("bank", currency)
    opened = open_accounts(session, [bank], currency)
    return {"bank": opened[bank], "in_transit": IN_TRANSIT, "size": _CHUNK}


def _match_documents(session: Session, vault: Vault, currency: str) -> None:
    """Lines without a mark: the order's number and amount lead to payouts, and the receiver's account decides."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(sql("payouts.bank", "match_documents"), {"currency": currency}):
        if vault.open(row.destination).get("account") == row.account:
            found[row.line].append(row.payout)
    sure = {line: payouts[0] for line, payouts in found.items() if len(payouts) == 1}
    matched = {"lines": list(sure), "payouts": list(sure.values())}
    if sure:
        session.execute(sql("payouts.bank", "note_documents"), matched)


def _lock(session: Session) -> list[int]:
    """Runs, then payouts, each in their order, as everybody takes them; answers the runs."""
    wanted = (
        select(payout.c.run_id)
        .where(payout.c.id.in_(text("SELECT payout_id FROM statement_line")))
        .distinct()
    )
    locked = select(payout_run.c.id).where(payout_run.c.id.in_(wanted)).order_by(payout_run.c.id)
    runs = list(session.scalars(locked.with_for_update()))
    session.execute(_LOCK)
    return runs


def _return(session: Session, statement: int, person: str, now: datetime) -> None:
    """Few come back, so each is settled as a person would settle it."""
    for line in session.execute(sql("payouts.bank", "returned"), {"statement": statement}).all():
        row = session.execute(payouts().where(payout.c.id == line.payout_id)).one()
        settle_row(session, row, "returned", _reference(line), person, now)
        noted = {"line": line.id, "payout": row.id, "key": f"payout:{row.id}:returned"}
        session.execute(sql("payouts.bank", "note_returned"), noted)


def _reference(line: Row[tuple[object, ...]]) -> str:
    return str(line.reference or f"statement line {line.id}")[:140]


def _suspend(session: Session, statement: int, currency: str, day: date) -> None:
    """Whatever nobody can say yet still moved money: our bank account follows the bank's."""
    names = [accounts.bank("bank", currency), accounts.suspense(currency)]
    opened = open_accounts(session, names, currency)
    booked = {"bank": opened[names[0]], "suspense": opened[names[1]], "statement": statement, "day": day}
    session.execute(sql("payouts.bank", "suspend"), booked | {"currency": currency})
