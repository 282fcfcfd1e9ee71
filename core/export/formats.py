"""The formats in which a table goes out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from core.export.table import Table

Writer = Callable[[Table], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """What a file of this kind is called and who writes it."""

    media: str
    suffix: str
    write: Writer


def _by(module: str) -> Writer:
    """That module's `write`, imported with the first file: pyarrow takes its time."""

    def write(table: Table) -> Iterator[bytes]:
        return cast(Writer, import_module(f"core.export.{module}").write)(table)

    return write


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, Format] = {
    "json": Format("application/json", "json", _by("json_table")),
    "csv": Format("text/csv", "csv", _by("csv_table")),
    "xlsx": Format(XLSX, "xlsx", _by("xlsx_table")),
    "parquet": Format("application/vnd.apache.parquet", "parquet", _by("parquet_table")),
}
