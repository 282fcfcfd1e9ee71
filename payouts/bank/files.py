"""Payment files, looked up and listed (newest first)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound
from core.ids import key_of, public_id
from core.money import Money
from core.secrets import Vault
from payouts.bank.packed import unpacked
from payouts.bank_tables import payment_file
from payouts.tables import payout_run

FORMATS = ("pain.001", "pain.001.03", "1c")
MEDIA = {
    "pain.001": "application/xml",
    "pain.001.03": "application/xml",
    "1c": "text/plain; charset=windows-1251",
}
_SHOWN = [column for column in payment_file.c if column.name != "content"]


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """What is known of a file without its content."""

    id: str
    run: str
    format: str
    name: str
    sha256: str
    payments: int
    total: Money
    made_by: str
    created_at: datetime


def get_file(session: Session, file_id: str) -> PaymentFile:
    """Raises:
    NotFound: `not_found`.
    """
    return file_of(_find(session, file_id, _files()))


def file_content(session: Session, vault: Vault, file_id: str) -> tuple[PaymentFile, Iterator[bytes]]:
    """A file and its bytes in pieces, the same each time.

    Raises:
        NotFound: `not_found`.
    """
    row = _find(session, file_id, _files().add_columns(payment_file.c.content))
    return file_of(row), unpacked(vault.open_bytes(row.content))


def file_of_run(session: Session, run_key: int) -> PaymentFile | None:
    """The one file of a run, if it has been made."""
    row = session.execute(_files().where(payment_file.c.run_id == run_key)).one_or_none()
    return None if row is None else file_of(row)


def list_files(session: Session, limit: int = 100, after: str | None = None) -> list[PaymentFile]:
    """Files after the file `after` in the list.

    Raises:
        Invalid: `bad_cursor`.
    """
    query = _files().order_by(payment_file.c.id.desc()).limit(limit)
    if after is not None:
        try:
            query = query.where(payment_file.c.id < key_of("file", after))
        except NotFound:
            raise Invalid("bad_cursor", "This cursor belongs to no list of this kind.") from None
    return [file_of(row) for row in session.execute(query)]


def file_of(row: Row[Any]) -> PaymentFile:
    """The file that a row of `_files()` is."""
    return PaymentFile(
        public_id("file", row.id, row.created_at),
        public_id("run", row.run_id, row.run_created_at),
        row.format,
        row.name,
        bytes(row.sha256).hex(),
        row.payments,
        Money(row.total, row.currency),
        row.made_by,
        row.created_at,
    )


def _files() -> Select[Any]:
    run = payout_run.c
    return select(*_SHOWN, run.created_at.label("run_created_at"), run.currency).join(payout_run)


def _find(session: Session, file_id: str, query: Select[Any]) -> Row[Any]:
    row = session.execute(query.where(payment_file.c.id == key_of("file", file_id))).one_or_none()
    if row is None or public_id("file", row.id, row.created_at) != file_id:
        raise NotFound("not_found", "No such payment file.")
    return row
