"""The books as Parquet: a posting a row, in groups of rows that are written as soon as they are full.

Amounts are there twice: as micros, and as decimals of six places for programs that add up decimals. The footer, which is
written last, counts what is in the file.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.orm import Session

from core.export.parquet_table import MONEY, decimals
from core.export.pieces import sliced
from core.export.sink import Sink
from ledger.export.books import Entry, Totals, entries

ROWS = 20_000  # in a group
TEXT = 16 * 1024 * 1024  # characters of notes after which a group ends earlier
SCHEMA = pa.schema(
    [
        ("entry", pa.string()),
        ("key", pa.string()),
        ("kind", pa.string()),
        ("currency", pa.string()),
        ("effective_on", pa.date32()),
        ("booked_on", pa.date32()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("corrects", pa.string()),
        ("note", pa.string()),
        ("account", pa.string()),
        ("version", pa.int64()),
        ("amount_micros", pa.int64()),
        ("balance_micros", pa.int64()),
        ("amount", MONEY),
        ("balance", MONEY),
    ]
)
Line = tuple[Any, ...]


def _group(lines: list[Line]) -> pa.Table:
    columns = [
        pa.array(column, kind.type) for column, kind in zip(zip(*lines, strict=True), SCHEMA, strict=False)
    ]
    return pa.table([*columns, decimals(columns[-2]), decimals(columns[-1])], schema=SCHEMA)


def _cells(entry: Entry) -> tuple[str | datetime | Any, ...]:
    return (
        entry.id,
        entry.key,
        entry.kind,
        entry.currency,
        entry.effective_on,
        entry.booked_on,
        entry.recorded_at,
        entry.corrects,
        entry.note,
    )


def _groups(session: Session, totals: Totals, tell: Callable[[int], None]) -> Iterator[pa.Table]:
    lines: list[Line] = []
    text = 0
    for entry, postings in entries(session, totals, tell):
        cells, weight = _cells(entry), len(entry.note or "") + len(entry.key)
        for row in postings:
            lines.append((*cells, row.code, row.version, row.amount, row.balance))
            text += weight
            if len(lines) >= ROWS or text >= TEXT:
                yield _group(lines)
                lines, text = [], 0
    if lines:
        yield _group(lines)


def _footer(totals: Totals) -> dict[str, str]:
    footer = {
        "kopeck.entries": str(sum(total.entries for total in totals.values())),
        "kopeck.postings": str(sum(total.postings for total in totals.values())),
    }
    for currency, total in sorted(totals.items()):
        for name in ("entries", "postings", "debits", "credits"):
            footer[f"kopeck.{currency}.{name}"] = str(getattr(total, name))
    return footer


def write(session: Session, tell: Callable[[int], None]) -> Iterator[bytes]:
    """The file in pieces. The footer's debits and credits are micros."""
    sink, totals = Sink(), Totals()
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
        for table in _groups(session, totals, tell):
            writer.write_table(table)
            yield from sliced(sink.take())
        writer.add_key_value_metadata(_footer(totals))
    yield from sliced(sink.take())
