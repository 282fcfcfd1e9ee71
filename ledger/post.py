"""The one door for money: post a balanced entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.ids import public_id
from core.money import Money

MAX_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting to be: an account code and signed micros, debit positive."""

    account: str
    money: Money


def debit(account: str, money: Money) -> Leg:
    return Leg(account, money)


def credit(account: str, money: Money) -> Leg:
    return Leg(account, -money)


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry that stands for the key; `replayed` when it already did before this call."""

    id: int
    recorded_at: datetime
    replayed: bool

    @property
    def public(self) -> str:
        return public_id("ent", self.id, self.recorded_at)


_OPEN = text("SELECT code, account_id FROM ledger_open(:codes, :currency)")
_POST = text(
    "SELECT entry_id, recorded_at, replayed FROM ledger_post(:key, :kind, :currency, :effective_on, :booked_on,"
    " :note, :accounts, :amounts, CAST(:least_accounts AS bigint[]), CAST(:least AS bigint[]),"
    " CAST(:corrects AS bigint))"
)


def open_accounts(session: Session, codes: Sequence[str], currency: str) -> dict[str, int]:
    """Account ids by code, opened where they do not exist.

    Raises (at the transaction's edge):
        Refused: `unknown_account`, for a code outside the chart.
    """
    return {
        row.code: row.account_id
        for row in session.execute(_OPEN, {"codes": sorted(codes), "currency": currency})
    }


def post(
    session: Session,
    *,
    key: str,
    kind: str,
    legs: Sequence[Leg],
    effective_on: date,
    note: str | None = None,
    at_least: Mapping[str, Money] | None = None,
    corrects: int | None = None,
) -> Posted:
    """Post one entry, or answer with the one that its key already stands for.

    Legs of one account are added up; an account whose legs cancel out is left out. `at_least`: natural balances
    below which these accounts must not be after the entry. It is booked on `effective_on`, or on the first open day
    when that one is closed. `corrects`: the entry that this one puts right.

    Raises:
        Invalid: `unbalanced_entry` (not zero, two currencies, nothing to move), `amount_too_large`.
        Refused (when the statement runs): `insufficient_funds`, `unknown_account`.
        Conflict (likewise): `key_reused`, the key stands for other content.

    Callers who meet on an account wait for each other in one order of accounts, so no ring of waits forms inside one entry.
    """
    currency = legs[0].money.currency if legs else ""
    amounts = _net(legs, currency)
    if any(money.currency != currency for money in (at_least or {}).values()):
        raise Invalid("unbalanced_entry", "A condition is in the entry's currency.")
    accounts = open_accounts(session, [*amounts, *(at_least or {})], currency)
    row = session.execute(
        _POST,
        {
            "key": key,
            "kind": kind,
            "currency": currency,
            "effective_on": effective_on,
            "booked_on": effective_on,
            "note": note,
            "accounts": [accounts[code] for code in amounts],
            "amounts": list(amounts.values()),
            "least_accounts": [accounts[code] for code in (at_least or {})],
            "least": [money.micros for money in (at_least or {}).values()],
            "corrects": corrects,
        },
    ).one()
    return Posted(row.entry_id, row.recorded_at, row.replayed)


def _net(legs: Sequence[Leg], currency: str) -> dict[str, int]:
    if any(leg.money.currency != currency for leg in legs):
        raise Invalid("unbalanced_entry", "An entry is in one currency.")
    amounts: dict[str, int] = {}
    for leg in legs:
        amounts[leg.account] = amounts.get(leg.account, 0) + leg.money.micros
    amounts = {code: amount for code, amount in amounts.items() if amount}
    if any(abs(amount) > MAX_BIGINT for amount in amounts.values()):
        raise Invalid("amount_too_large", "An account's legs add up to more than the books can hold.")
    if len(amounts) < 2 or sum(amounts.values()) != 0:
        raise Invalid("unbalanced_entry", "An entry's debits and credits must be equal and move something.")
    return amounts
