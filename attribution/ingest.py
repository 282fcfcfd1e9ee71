"""Write one batch of events: dedupe, park, refuse, and the rows themselves, in the caller's one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from attribution.plain_touches import copy_in, write_plain
from attribution.refunds import apply_refunds
from attribution.staging import COLUMNS, Decoded, RowError
from core.database import sql
from core.ids import public_id

KEPT_ERRORS = 1000  # of a batch in the database; the answer holds all

_SALES = text("SELECT pg_advisory_xact_lock(hashtext('kopeck sales'))")
_PARK = text("SELECT EXISTS (SELECT FROM staged WHERE fate = 'park')")
_OPEN = text("INSERT INTO event_batch (source, received_at) VALUES (:source, :now) RETURNING id")
_REFUSED = text(
    "SELECT row_index, event_id, fate FROM staged"
    " WHERE fate NOT IN ('duplicate', 'conflict', 'parked') ORDER BY row_index"
)
_DETAILS = {
    "refund_exceeds_purchase": "More than is left of the purchase.",
    "currency_mismatch": "The purchase is in another currency.",
}


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch's rows; `errors` explain the rejected ones."""

    batch: str
    accepted: int
    duplicates: int
    conflicts: int
    parked: int
    rejected: int
    errors: list[RowError]


def ingest(session: Session, decoded: Decoded, *, source: str, now: datetime) -> BatchResult:
    """Store what decoding let through. The partitions of its days must exist (`partitions.ensure_partitions`).

    Two batches with the same touches wait for each other in key order; those with sales go one at a time from
    their sales to their commit, so that a purchase's two unique keys and its refunds never meet in a ring.
    """
    batch = _open(session, source, now)
    plain, touches = write_plain(session, decoded, batch)
    session.execute(sql("attribution", "stage"))
    session.execute(text("DELETE FROM staged"))
    if touches or decoded.sales:
        copy_in(session, f"staged ({COLUMNS})", [*touches, *decoded.sales])
    counts = (len(touches), decoded.purchases, decoded.refunds)
    return _write(session, batch, plain, counts, decoded.errors, decoded.span() or (None, None), now)


def write_staged(
    session: Session,
    staged: tuple[int, int, int],
    span: tuple[datetime | None, datetime | None],
    *,
    source: str,
    now: datetime,
) -> BatchResult:
    """Write what stands in the staging table: `staged` touches, purchases and refunds, `span` the touches' range."""
    return _write(session, _open(session, source, now), 0, staged, [], span, now)


def _open(session: Session, source: str, now: datetime) -> int:
    return int(session.execute(_OPEN, {"source": source, "now": now}).scalar_one())


def _write(
    session: Session,
    batch: int,
    plain: int,
    staged: tuple[int, int, int],
    errors: Sequence[RowError],
    span: tuple[datetime | None, datetime | None],
    now: datetime,
) -> BatchResult:
    """Beside `plain` touches, which are written: judge and write the staged rows, and close the batch."""
    touches, purchases, refunds = staged
    at = {"batch": batch, "now": now}
    if touches:
        _write_touches(session, touches, at)
    if purchases or refunds:
        session.execute(_SALES)
    if purchases:
        _write_purchases(session, purchases, at)
    if refunds:
        apply_refunds(session, at)
    every = sorted([*errors, *_refused(session, refunds)], key=lambda error: error.index)
    counts = session.execute(
        sql("attribution", "batch_close"),
        {
            **at,
            "plain": plain,
            "rejected": len(errors),
            "errors": json.dumps([error.as_json() for error in every[:KEPT_ERRORS]]),
            "first_at": span[0],
            "last_at": span[1],
        },
    ).one()
    accepted, duplicates, conflicts, parked, rejected = counts
    return BatchResult(public_id("bat", batch, now), accepted, duplicates, conflicts, parked, rejected, every)


def _write_touches(session: Session, staged: int, at: dict[str, object]) -> None:
    """Insert; only when not every row went in, find out why."""
    if _rows(session, "touch_insert", at) == staged:
        return
    _rows(session, "touch_judge", at)
    if session.scalar(_PARK):
        _rows(session, "touch_park", at)
        _rows(session, "touch_parked", at)


def _write_purchases(session: Session, staged: int, at: dict[str, object]) -> None:
    if _rows(session, "purchase_insert", at) == staged:
        return
    while _rows(session, "purchase_park", at):
        pass
    _rows(session, "purchase_judge", at)


def _rows(session: Session, name: str, at: dict[str, object]) -> int:
    """Run a statement that writes, and say how many rows it wrote."""
    return cast("CursorResult[Any]", session.execute(sql("attribution", name), at)).rowcount


def _refused(session: Session, refunds: int) -> list[RowError]:
    if not refunds:
        return []
    return [
        RowError(row.row_index, row.event_id, row.fate, _DETAILS[row.fate])
        for row in session.execute(_REFUSED)
    ]
