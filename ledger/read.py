"""Accounts, postings and entries as they stand, for finance and the auditor. Amounts are debit positive."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import key_of, public_id
from core.money import Money
from ledger.tables import account, balance, entry, posting


@dataclass(frozen=True, slots=True)
class Account:
    """An account in one currency."""

    code: str
    balance: Money
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry; `balance` is the account's after it, `version` its place in the account."""

    entry: str
    account: str
    version: int
    amount: Money
    balance: Money
    booked_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced set of postings. `corrects`: the entry that it puts right; `corrected_by`: those that put it right."""

    id: str
    kind: str
    currency: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    note: str | None
    corrects: str | None
    corrected_by: list[str]
    postings: list[Posting]


_POSTINGS = (
    select(posting, account.c.code, account.c.currency, entry.c.recorded_at)
    .join(account, account.c.id == posting.c.account_id)
    .join(entry, entry.c.id == posting.c.entry_id)
)


def _posting(row: Row[Any]) -> Posting:
    return Posting(
        public_id("ent", row.entry_id, row.recorded_at),
        row.code,
        row.version,
        Money(row.amount, row.currency),
        Money(row.balance, row.currency),
        row.booked_on,
    )


def list_accounts(session: Session, prefix: str, limit: int, after: int | None) -> list[tuple[int, Account]]:
    """Accounts whose code starts with `prefix`, with their keys, by code and currency."""
    c = account.c
    query = (
        select(account, balance.c.balance)
        .join(balance, balance.c.account_id == c.id)
        .where(c.code.startswith(prefix, autoescape=True))
        .order_by(c.code, c.currency)
        .limit(limit)
    )
    if after is not None:
        last = session.execute(select(c.code, c.currency).where(c.id == after)).one_or_none()
        if last is not None:
            query = query.where(
                or_(c.code > last.code, and_(c.code == last.code, c.currency > last.currency))
            )
    return [
        (row.id, Account(row.code, Money(row.balance, row.currency), row.recorded_at))
        for row in session.execute(query)
    ]


def require_account(session: Session, code: str, currency: str | None) -> Row[Any]:
    """An account's row. Without a currency: its only one, or the first by name.

    Raises:
        NotFound: no such account.
    """
    query = select(account).where(account.c.code == code).order_by(account.c.currency).limit(1)
    if currency is not None:
        query = query.where(account.c.currency == currency)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("not_found", f"No account {code!r}.")
    return found


def list_postings(
    session: Session, code: str, currency: str | None, limit: int, before: int | None
) -> list[Posting]:
    """An account's postings, newest first. Without a currency: the account's only one, or the first by name.

    Raises:
        NotFound: no such account.
    """
    account_id = require_account(session, code, currency).id
    query = (
        _POSTINGS.where(posting.c.account_id == account_id).order_by(posting.c.version.desc()).limit(limit)
    )
    if before is not None:
        query = query.where(posting.c.version < before)
    return [_posting(row) for row in session.execute(query)]


def find_entry(session: Session, entry_id: str) -> Row[Any]:
    """The row of an entry.

    Raises:
        NotFound: no such entry.
    """
    row = session.execute(select(entry).where(entry.c.id == key_of("ent", entry_id))).one_or_none()
    if row is None or public_id("ent", row.id, row.recorded_at) != entry_id:
        raise NotFound("not_found", "No such entry.")
    return row


def _ids_of(session: Session, condition: ColumnElement[bool]) -> list[str]:
    rows = session.execute(select(entry.c.id, entry.c.recorded_at).where(condition).order_by(entry.c.id))
    return [public_id("ent", *row) for row in rows]


def get_entry(session: Session, entry_id: str) -> Entry:
    """An entry with its postings by account code.

    Raises:
        NotFound: no such entry.
    """
    row = find_entry(session, entry_id)
    lines = session.execute(_POSTINGS.where(posting.c.entry_id == row.id).order_by(account.c.code))
    return Entry(
        entry_id,
        row.kind,
        row.currency,
        row.effective_on,
        row.booked_on,
        row.recorded_at,
        row.note,
        next(iter(_ids_of(session, entry.c.id == row.corrects)), None),
        _ids_of(session, entry.c.corrects == row.id),
        [_posting(line) for line in lines],
    )
