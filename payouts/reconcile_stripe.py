"""Stripe's transfers as the reconciliation compares them: listed by when they were made, spooled, then put beside ours.

They are listed before any transaction begins, however long that takes, and held in a file beyond a few megabytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.errors import NotFound, Unavailable
from core.ids import key_of
from payouts.stripe.asking import ask
from payouts.stripe.plain import id_of
from payouts.stripe.units import from_units

_IN_MEMORY = 8 * 1024 * 1024
_STAGED = text(
    "CREATE TEMP TABLE seen_transfer (id text, payout_id bigint, grp text, currency text, amount bigint,"
    " reversed bigint, created_at timestamptz) ON COMMIT DROP"
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer; amounts in micros."""

    id: str
    group: str
    currency: str
    amount: int
    reversed: int
    created_at: datetime


def list_transfers(client: StripeClient, since: datetime) -> Iterator[Transfer]:
    """All transfers made since then, newest first, page by page.

    Raises:
        Refused, Conflict, Unavailable: as `ask`; `stripe_unavailable` also for a page that cannot be read.
    """
    asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": 100}
    while True:
        page = ask(lambda: client.v1.transfers.list(asked))  # type: ignore[arg-type]
        rows = page.get("data")
        if page.get("object") != "list" or not isinstance(rows, list):
            raise Unavailable("stripe_unavailable", "Stripe's list of transfers cannot be read; try again.")
        yield from map(_transfer, rows)
        if not page.get("has_more") or not rows:
            return
        asked["starting_after"] = id_of(rows[-1])


def _transfer(row: dict[str, Any]) -> Transfer:
    currency = str(row["currency"]).upper()
    return Transfer(
        id_of(row),
        str(row.get("transfer_group") or ""),
        currency,
        from_units(row["amount"], currency).micros,
        from_units(row["amount_reversed"], currency).micros,
        datetime.fromtimestamp(row["created"], UTC),
    )


def spool(transfers: Iterator[Transfer]) -> IO[str]:
    """All of them as lines for COPY; whoever asked closes it.

    Raises:
        Refused, Conflict, Unavailable: as `list_transfers`.
    """
    held = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115
    try:
        for each in transfers:
            cells = (each.id, _payout_of(each.group), each.group, each.currency, each.amount, each.reversed)
            held.write("\t".join(map(_cell, (*cells, each.created_at.isoformat()))) + "\n")
        held.seek(0)
    except BaseException:
        held.close()
        raise
    return held  # type: ignore[return-value]


def stage(session: Session, spooled: IO[str] | None) -> None:
    """Put them into the temporary table `seen_transfer`, which ends with the transaction; without any, it is empty."""
    session.execute(_STAGED)
    if spooled is None:
        return
    with session.connection().connection.cursor() as cursor:
        cursor.copy_expert("COPY seen_transfer FROM STDIN", spooled)
    session.execute(text("ANALYZE seen_transfer"))


def _payout_of(group: str) -> int | None:
    try:
        return key_of("po", group)
    except NotFound:
        return None


def _cell(value: object) -> str:
    """A value as COPY reads it; what others wrote (a group) may hold anything."""
    if value is None:
        return "\\N"
    plain = str(value).replace("\0", "").replace("\\", "\\\\")
    return plain.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
