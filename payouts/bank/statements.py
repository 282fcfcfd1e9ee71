"""Statements and their lines, looked up and listed (newest first)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound
from core.ids import key_of, public_id
from core.money import Money, money_or_none
from payouts.bank_tables import bank_line, bank_statement
from payouts.tables import payout

OUTCOMES = ("paid", "returned", "known", "unmatched", "explained")


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A statement and how many of its lines met which end; `account` shows its last four digits."""

    id: str
    format: str
    account: str
    currency: str
    since: date
    until: date
    opening: Money | None
    closing: Money | None
    lines: dict[str, int]
    imported_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BankLine:
    """A movement on the account; out is negative."""

    id: str
    statement: str
    number: int
    booked_on: date
    amount: Money
    reference: str | None
    counterparty: str | None
    purpose: str | None
    payout: str | None
    outcome: str
    explained_by: str | None
    explanation: str | None


def statement_key(session: Session, key: int) -> str:
    """The public id of a statement of ours."""
    column = bank_statement.c
    created_at = session.scalars(select(column.created_at).where(column.id == key)).one()
    return public_id("stmt", key, created_at)


def get_statement(session: Session, statement_id: str) -> BankStatement:
    """Raises:
    NotFound: `not_found`.
    """
    row = find_statement(session, statement_id)
    return _statement(row, _counts(session, [row.id]).get(row.id, {}))


def list_statements(session: Session, limit: int = 100, after: str | None = None) -> list[BankStatement]:
    """Statements after the statement `after` in the list.

    Raises:
        Invalid: `bad_cursor`.
    """
    query = select(bank_statement).order_by(bank_statement.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(bank_statement.c.id < _cursor("stmt", after))
    rows = session.execute(query).all()
    counts = _counts(session, [row.id for row in rows])
    return [_statement(row, counts.get(row.id, {})) for row in rows]


def list_lines(
    session: Session,
    *,
    statement: str | None = None,
    outcome: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> list[BankLine]:
    """Lines after the line `after` in the list.

    Raises:
        NotFound: `not_found`, no such statement.
        Invalid: `bad_cursor`.
    """
    query = lines().order_by(bank_line.c.id.desc()).limit(limit)
    if statement is not None:
        query = query.where(bank_line.c.statement_id == find_statement(session, statement).id)
    if outcome is not None:
        query = query.where(bank_line.c.outcome == outcome)
    if after is not None:
        query = query.where(bank_line.c.id < _cursor("line", after))
    return [line_of(row) for row in session.execute(query)]


def lines() -> Select[Any]:
    """Lines with what public ids are made of."""
    return (
        select(
            bank_line,
            bank_statement.c.created_at.label("imported_at"),
            payout.c.created_at.label("payout_created_at"),
        )
        .join(bank_statement)
        .outerjoin(payout, payout.c.id == bank_line.c.payout_id)
    )


def line_of(row: Row[Any]) -> BankLine:
    """The line that a row of `lines()` is."""
    return BankLine(
        public_id("line", row.id, row.imported_at),
        public_id("stmt", row.statement_id, row.imported_at),
        row.number,
        row.booked_on,
        Money(row.amount, row.currency),
        row.reference,
        row.counterparty,
        row.purpose,
        None if row.payout_id is None else public_id("po", row.payout_id, row.payout_created_at),
        row.outcome,
        row.explained_by,
        row.explanation,
    )


def find_statement(session: Session, statement_id: str) -> Row[Any]:
    """The row of a statement.

    Raises:
        NotFound: `not_found`.
    """
    wanted = bank_statement.c.id == key_of("stmt", statement_id)
    row = session.execute(select(bank_statement).where(wanted)).one_or_none()
    if row is None or public_id("stmt", row.id, row.created_at) != statement_id:
        raise NotFound("not_found", "No such statement.")
    return row


def _statement(row: Row[Any], counts: dict[str, int]) -> BankStatement:
    return BankStatement(
        public_id("stmt", row.id, row.created_at),
        row.format,
        f"*{row.account[-4:]}",
        row.currency,
        row.since,
        row.until,
        money_or_none(row.opening, row.currency),
        money_or_none(row.closing, row.currency),
        {outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
        row.imported_by,
        row.created_at,
    )


def _counts(session: Session, keys: list[int]) -> dict[int, dict[str, int]]:
    column = bank_line.c
    query = select(column.statement_id, column.outcome, func.count().label("lines"))
    found: dict[int, dict[str, int]] = {}
    for row in session.execute(
        query.where(column.statement_id.in_(keys)).group_by(column.statement_id, column.outcome)
    ):
        found.setdefault(row.statement_id, {})[row.outcome] = row.lines
    return found


def _cursor(prefix: str, text: str) -> int:
    try:
        return key_of(prefix, text)
    except NotFound:
        raise Invalid("bad_cursor", "This cursor belongs to no list of this kind.") from None
