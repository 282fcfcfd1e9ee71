"""A table as JSON: {"data": [{…}, …]}; amounts are decimal text, as everywhere in the API."""

from collections.abc import Iterator
from json import JSONEncoder

from core.export.cells import texts
from core.export.pieces import encoded
from core.export.table import Table

_ENCODE = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(table: Table) -> Iterator[bytes]:
    """The file in pieces."""
    return encoded(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    names = [column.name for column in table.columns]
    yield '{"data":['
    comma = ""
    for batch in table.batches:
        for row in zip(*texts(table, batch), strict=True):
            yield comma + _ENCODE(dict(zip(names, row, strict=True)))
            comma = ","
    yield "]}\n"
