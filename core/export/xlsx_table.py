"""A table as XLSX, streamed: the sheet's XML is made row by row and compressed on its way out.

Written by hand because a million rows must take two minutes: XlsxWriter, also in its `constant_memory`, needs five and
sends nothing before it has finished. Every text is an inline string, which no spreadsheet calculates, so none is guarded.
An amount is a number where 15 digits, all that a spreadsheet keeps, hold it exactly, and text where they do not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile

from core.export.pieces import PIECE, sliced
from core.export.sink import Sink
from core.export.table import Table
from core.export.xlsx_cells import header, rows
from core.export.xlsx_parts import SHEET_END, around, sheet_start

ROWS = 1_048_575  # in a sheet, below its header; the rest goes on in a next one
BYTES = (
    1 << 30
)  # of XML in a sheet: at two gigabytes the archive would need a form that not every reader knows
Piece = tuple[int, bytes]  # of a sheet's XML, with how many rows are in it


@dataclass(slots=True)
class _Sheets:
    """Gives the pieces of a table to one sheet after the other."""

    table: Table
    pieces: Iterator[Piece]
    count: int = 0
    waiting: Piece | None = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = next(self.pieces, None)

    def next_sheet(self) -> Iterator[bytes]:
        """The XML of one sheet; there is always a first."""
        self.count += 1
        yield sheet_start(len(self.table.columns)) + header(self.table)
        held, size = 0, 0
        while self.waiting and held + self.waiting[0] <= ROWS and size < BYTES:
            held, size = held + self.waiting[0], size + len(self.waiting[1])
            yield self.waiting[1]
            self.waiting = next(self.pieces, None)
        yield SHEET_END


def write(table: Table) -> Iterator[bytes]:
    """The file in pieces."""
    sink, sheets = Sink(), _Sheets(table, _pieces(table))
    with ZipFile(cast(IO[bytes], sink), "w", ZIP_DEFLATED, compresslevel=1) as archive:
        while not sheets.count or sheets.waiting:
            with archive.open(f"xl/worksheets/sheet{sheets.count + 1}.xml", "w") as file:
                for xml in sheets.next_sheet():
                    file.write(xml)
                    yield from _ready(sink)
        for name, part in around(table.name, sheets.count):
            archive.writestr(name, part)
    yield from sliced(sink.take())


def _ready(sink: Sink) -> Iterator[bytes]:
    """What is there, once it is a piece."""
    if len(sink) >= PIECE:
        yield from sliced(sink.take())


def _pieces(table: Table) -> Iterator[Piece]:
    for batch in table.batches:
        if batch:
            yield len(batch), rows(table, batch)
