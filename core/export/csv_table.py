"""A table as CSV (RFC 4180, UTF-8): names first; texts guarded against spreadsheets, amounts as decimal text, unquoted."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from core.export.cells import texts
from core.export.guard import guarded
from core.export.pieces import encoded
from core.export.table import Batch, Table


def write(table: Table) -> Iterator[bytes]:
    """The file in pieces."""
    return encoded(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield _written([[column.name for column in table.columns]])
    for batch in table.batches:
        if batch:
            yield _written(zip(*_guarded(table, batch), strict=True))


def _guarded(table: Table, batch: Batch) -> list[Sequence[Any]]:
    return [
        guarded(cells) if column.kind == "text" else cells
        for column, cells in zip(table.columns, texts(table, batch), strict=True)
    ]


def _written(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
