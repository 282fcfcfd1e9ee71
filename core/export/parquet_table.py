"""A table as Parquet, in groups of rows that are written as soon as they are full; amounts are decimal128(19, 6)."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.export.pieces import sliced
from core.export.sink import Sink
from core.export.table import Batch, Kind, Table

ROWS = 20_000  # in a group
MONEY = pa.decimal128(19, 6)
_TYPES: dict[Kind, Any] = {
    "text": pa.string(),
    "currency": pa.string(),
    "amount": MONEY,
    "count": pa.int64(),
    "day": pa.date32(),
    "moment": pa.timestamp("us", tz="UTC"),
}


def decimals(micros: Any) -> Any:
    """An array of integers, read as having six decimals: what is in memory stays as it is."""
    whole = micros.cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(MONEY, len(whole), whole.buffers(), whole.null_count, whole.offset)


def write(table: Table) -> Iterator[bytes]:
    """The file in pieces."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in table.columns])
    sink, rows = Sink(), 0
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in _groups(table.batches):
            writer.write_table(_arrow(table, schema, batch))
            rows += len(batch)
            yield from sliced(sink.take())
        writer.add_key_value_metadata({"kopeck.rows": str(rows)})
    yield from sliced(sink.take())


def _groups(batches: Iterator[Batch]) -> Iterator[list[Any]]:
    held: list[Any] = []
    for batch in batches:
        held.extend(batch)
        if len(held) >= ROWS:
            yield held
            held = []
    if held:
        yield held


def _arrow(table: Table, schema: Any, batch: list[Any]) -> Any:
    columns = zip(*batch, strict=True)
    return pa.table(
        [_array(column.kind, cells) for column, cells in zip(table.columns, columns, strict=True)],
        schema=schema,
    )


def _array(kind: Kind, cells: tuple[Any, ...]) -> Any:
    if kind == "amount":
        return decimals(pa.array([None if cell is None else int(cell) for cell in cells], pa.int64()))
    return pa.array(cells, _TYPES[kind])
