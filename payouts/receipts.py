"""Receipts of self-employed persons: without one, after the deadline, nothing more is paid out to the person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, cast, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid, NotFound, Refused
from core.ids import key_of, public_id
from core.money import Money
from payouts.bank_tables import receipt
from payouts.receipt_days import due_on, receipts_before
from payouts.store import day_of, find_payout
from payouts.tables import payout

STATUS = "self_employed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of the receipt for one payout; `number` None: it is missing, `overdue`: and holds the next payout."""

    payout: str
    creator: str
    amount: Money
    paid_on: date
    due_on: date
    overdue: bool
    number: str | None
    link: str | None


def record_receipt(
    session: Session, payout_id: str, number: str, link: str | None, person: str, now: datetime
) -> Receipt:
    """Keep the receipt of a payout. The same again changes nothing.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_receipt`.
        Refused: `receipt_not_needed`, the payee was not self-employed; `payout_not_paid`.
        Conflict: `receipt_recorded`, with another number or link.
    """
    _check(number, link)
    row = find_payout(session, payout_id)
    if row.tax_status != STATUS:
        raise Refused("receipt_not_needed", "Only payouts to self-employed persons need a receipt.")
    if row.state != "paid":
        raise Refused("payout_not_paid", f"The payout is {row.state}.", state=row.state)
    session.execute(
        insert(receipt)
        .values(payout_id=row.id, number=number, link=link, recorded_by=person, recorded_at=now)
        .on_conflict_do_nothing()
    )
    kept = session.execute(select(receipt).where(receipt.c.payout_id == row.id)).one()
    if (kept.number, kept.link) != (number, link):
        raise Conflict("receipt_recorded", f"The receipt of this payout is {kept.number}.")
    [found] = _receipts(session, now, payout.c.id == row.id)
    return found


def list_receipts(
    session: Session, now: datetime, *, creator: str, limit: int = 100, after: str | None = None
) -> list[Receipt]:
    """Of a creator's paid payouts as a self-employed person, newest first, missing ones included.

    Raises:
        Invalid: `bad_cursor`.
    """
    return list(_receipts(session, now, payout.c.creator == creator, limit=limit, after=after))


def list_overdue(
    session: Session, now: datetime, *, limit: int = 100, after: str | None = None
) -> list[Receipt]:
    """Of everybody, those whose missing receipts hold the next payout; newest payouts first.

    Raises:
        Invalid: `bad_cursor`.
    """
    before = receipts_before(day_of(session, now))
    missing = (receipt.c.number.is_(None), cast(payout.c.settled_at, Date) < before)
    return list(_receipts(session, now, *missing, limit=limit, after=after))


def _receipts(
    session: Session, now: datetime, *conditions: object, limit: int = 1, after: str | None = None
) -> Iterator[Receipt]:
    before = receipts_before(day_of(session, now))
    query = (
        select(payout, receipt.c.number, receipt.c.link, cast(payout.c.settled_at, Date).label("paid_on"))
        .outerjoin(receipt, receipt.c.payout_id == payout.c.id)
        .where(payout.c.tax_status == STATUS, payout.c.state == "paid", *conditions)  # type: ignore[arg-type]
        .order_by(payout.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(payout.c.id < _cursor(after))
    for row in session.execute(query):
        yield Receipt(
            public_id("po", row.id, row.created_at),
            row.creator,
            Money(row.amount, row.currency),
            row.paid_on,
            due_on(row.paid_on),
            row.number is None and row.paid_on < before,
            row.number,
            row.link,
        )


def _cursor(text: str) -> int:
    try:
        return key_of("po", text)
    except NotFound:
        raise Invalid("bad_cursor", "This cursor belongs to no list of this kind.") from None


def _check(number: str, link: str | None) -> None:
    if not 1 <= len(number) <= 100 or not number.isprintable():
        raise Invalid(
            "bad_receipt", "A number of 1 to 100 characters that can be printed.", pointer="/number"
        )
    if link is not None and not (
        link.startswith("https://") and 9 <= len(link) <= 500 and link.isprintable() and " " not in link
    ):
        raise Invalid(
            "bad_receipt", "A link begins with https:// and has at most 500 characters.", pointer="/link"
        )
