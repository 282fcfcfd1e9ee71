"""The register of a run: what finance pays by hand, as rows and as CSV."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.tables import creator as creator_table
from core.export.guard import guard
from core.ids import public_id
from core.money import Money
from core.secrets import Vault
from payouts.store import find_run
from payouts.tables import payout

_HEAD = ("payout", "creator", "name", "tax_status", "amount", "currency", "state")
_PAGE = 1000
_SENT = ("sent", "paid", "failed", "returned")


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One payment; tax status and destination are those that were approved, in the clear."""

    payout: str
    creator: str
    name: str
    tax_status: str
    destination: dict[str, str]
    amount: Money
    state: str


def register_rows(session: Session, vault: Vault, run_id: str) -> Iterator[RegisterRow]:
    """The payouts of a run that went out, in the order of their creators, read page by page.

    What is reserved, held or cancelled is not in it: finance must not pay that.

    Raises:
        NotFound: `not_found` (at the call, not at the first row).
    """
    return _rows(session, vault, find_run(session, run_id).id)


def register_csv(session: Session, vault: Vault, run_id: str) -> Iterator[str]:
    """The register as lines of CSV, with a column for each field that any destination has; one that is called as ours is
    (a bank's `name` of the payee) is `payee.name`.

    Raises:
        NotFound: `not_found` (at the call, not at the first line).
    """
    fields = sorted({name for row in register_rows(session, vault, run_id) for name in row.destination})
    return _lines(register_rows(session, vault, run_id), fields)


def _lines(rows: Iterator[RegisterRow], fields: list[str]) -> Iterator[str]:
    yield _line([*_HEAD, *(f"payee.{name}" if name in _HEAD else name for name in fields)])
    for row in rows:
        texts = [row.payout, row.creator, row.name, row.tax_status]
        money = [row.amount.amount, row.amount.currency]
        where = [row.destination.get(name, "") for name in fields]
        yield _line([*map(guard, texts), *money, row.state, *map(guard, where)])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _rows(session: Session, vault: Vault, run_key: int) -> Iterator[RegisterRow]:
    query = (
        select(payout, creator_table.c.name)
        .join(creator_table, creator_table.c.id == payout.c.creator)
        .where(payout.c.run_id == run_key, payout.c.state.in_(_SENT))
        .order_by(payout.c.creator)
        .limit(_PAGE)
    )
    after = ""
    while page := session.execute(query.where(payout.c.creator > after)).all():
        for row in page:
            yield RegisterRow(
                public_id("po", row.id, row.created_at),
                row.creator,
                row.name,
                row.tax_status,
                vault.open(row.destination),
                Money(row.amount, row.currency),
                row.state,
            )
        after = page[-1].creator
