"""Explain a line that the import could not match: its money leaves suspense for where a person says it belongs."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound, Refused
from core.ids import key_of, public_id
from core.money import MICROS, Money
from core.settings import Settings
from ledger import accounts
from ledger.post import Leg, post
from payouts.bank.statements import BankLine, line_of, lines
from payouts.bank_tables import bank_line
from payouts.store import day_of

_RESULTS = ("equity:opening", "expenses:provider_fees:bank", "expenses:writeoff", "income:fees:bank")


def explain_line(
    session: Session, line_id: str, account: str, reason: str, person: str, now: datetime, settings: Settings
) -> BankLine:
    """Move an unmatched line's money to one of a few accounts, with the reason.

    A bank account of ours is for what the books know by another way: `assets:bank:manual:RUB` for a deposit that was
    recorded by hand, `assets:bank:bank:RUB` for a payout that a person has settled. Everything else changes what we own,
    and above the limit of adjustments takes two people.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_account`, with those there are.
        Refused: `line_not_unmatched`; `above_limit`, move it to the manual bank and book the rest as an adjustment.
    """
    query = lines().where(bank_line.c.id == key_of("line", line_id))
    row = session.execute(query.with_for_update(of=bank_line)).one_or_none()
    if row is None or public_id("line", row.id, row.imported_at) != line_id:
        raise NotFound("not_found", "No such line of a statement.")
    if row.outcome != "unmatched":
        raise Refused("line_not_unmatched", f"The line is {row.outcome}.", outcome=row.outcome)
    money = Money(row.amount, row.currency)
    _require_account(account, money, settings)
    if money.micros:  # a line of nothing has no entry
        post(
            session,
            key=f"bank_line:{row.id}:explained",
            kind="bank.explained",
            effective_on=day_of(session, now),
            note=reason,
            legs=[Leg(accounts.suspense(row.currency), money), Leg(account, -money)],
        )
    said = {"outcome": "explained", "explained_by": person, "explanation": reason}
    session.execute(update(bank_line).where(bank_line.c.id == row.id).values(**said))
    return line_of(session.execute(query).one())


def _require_account(account: str, money: Money, settings: Settings) -> None:
    banks = [accounts.bank(provider, money.currency) for provider in ("bank", "manual", "stripe")]
    if account not in (*_RESULTS, *banks):
        raise Invalid("bad_account", f"One of {', '.join((*_RESULTS, *banks))}.", pointer="/account")
    if account in _RESULTS and abs(money.micros) > settings.adjustment_limit * MICROS:
        told = f"Move it to {banks[1]} and book it on from there by POST /v1/ledger/entries, which takes two people."
        raise Refused("above_limit", told)
