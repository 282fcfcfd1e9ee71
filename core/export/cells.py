"""Cells as text: what CSV, JSON and XLSX write, made column by column, since a call a cell is what a table costs."""

from collections.abc import Sequence
from typing import Any

from core.export.table import Batch, Table
from core.money import format_micros


def texts(table: Table, batch: Batch) -> list[Sequence[Any]]:
    """The batch's columns: amounts as decimal text, days and moments as ISO 8601; counts stay numbers, None stays."""
    columns = list(zip(*batch, strict=True)) or [()] * len(table.columns)
    currencies = columns[table.currency_at] if table.currency_at >= 0 else ()
    return [
        _text(column.kind, cells, currencies) for column, cells in zip(table.columns, columns, strict=True)
    ]


def _text(kind: str, cells: Sequence[Any], currencies: Sequence[str]) -> Sequence[Any]:
    if kind == "amount":
        pairs = zip(cells, currencies, strict=True)
        return [
            None if micros is None else format_micros(int(micros), currency) for micros, currency in pairs
        ]
    if kind in ("day", "moment"):
        return [None if cell is None else cell.isoformat() for cell in cells]
    return cells
