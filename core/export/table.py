"""A table on its way out: what its columns hold, and its rows in batches, so that however many there are, few are held.

The formats (`core.export.csv_table` and its neighbours) take every table and know none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "currency", "amount", "count", "day", "moment"]
Batch = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """`amount`: micros of the currency in the same row; a table with amounts has one column `currency`.

    Any cell may be None: empty.
    """

    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is that of the file and of the sheet; the rows are read once."""

    name: str
    columns: Sequence[Column]
    batches: Iterator[Batch]

    @property
    def currency_at(self) -> int:
        """Where the currency stands; -1: nowhere."""
        return next((at for at, column in enumerate(self.columns) if column.kind == "currency"), -1)
