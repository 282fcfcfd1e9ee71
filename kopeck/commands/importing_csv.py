"""A CSV of events as NDJSON lines: the header names the fields of an event, an empty cell is a field that is not there.

A row is a line: no field of an event may hold a newline, so a stray quote spoils its own line and not the rest of the
file, and the number of a row is the number of its line.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from attribution.event import Click, Purchase, Refund, View
from attribution.staging import RowError
from core.errors import Invalid

FIELDS = frozenset({"type"}.union(*(kind.__struct_fields__ for kind in (View, Click, Purchase, Refund))))
NEEDED = ("type", "id", "occurred_at")
_NUMBERS = frozenset(("quantity", "watch_ms"))
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z", re.ASCII)
_TRUTH = {"true": True, "false": False}
_encode = msgspec.json.Encoder().encode


def csv_events(lines: Iterable[bytes]) -> Iterator[bytes | RowError]:
    """A line of JSON for each row; b"" for the header and blank lines, so that the numbers stay those of the file.

    Raises:
        Invalid: `bad_header`, with the line it stands on.
    """
    header: list[str] | None = None
    for index, line in enumerate(lines):
        if not line.strip():
            yield b""
        elif header is None:
            header = csv_header(line, index + 1)
            yield b""
        else:
            yield _row(index, line, header)


def csv_header(line: bytes, number: int) -> list[str]:
    """The names of the columns, in any order.

    Raises:
        Invalid: `bad_header`.
    """
    try:
        names = _cells(line)
    except ValueError as error:
        raise _bad_header(number, str(error)) from None
    if unknown := [name for name in names if name not in FIELDS]:
        raise _bad_header(
            number, f"{unknown[0][:64]!r} is no field of an event; these are: {', '.join(sorted(FIELDS))}"
        )
    if twice := [name for name in names if names.count(name) > 1]:
        raise _bad_header(number, f"{twice[0]!r} stands there twice")
    if missing := [name for name in NEEDED if name not in names]:
        raise _bad_header(number, f"{missing[0]!r} is missing")
    return names


def _row(index: int, line: bytes, header: list[str]) -> bytes | RowError:
    try:
        cells = _cells(line)
    except ValueError as error:
        return RowError(index, None, "broken_csv", f"The row is not CSV: {error}.")
    if len(cells) != len(header):
        return RowError(
            index, None, "broken_csv", f"The row has {len(cells)} cells, the header {len(header)}."
        )
    return _encode({name: _value(name, cell) for name, cell in zip(header, cells, strict=True) if cell != ""})


def _value(name: str, cell: str) -> Any:
    """Numbers and truths as such; what is neither stays text, and the event's own check refuses it."""
    if name in _NUMBERS and _NUMBER.match(cell):
        return int(cell)
    return _TRUTH.get(cell, cell) if name == "completed" else cell


def _cells(line: bytes) -> list[str]:
    try:
        [cells] = csv.reader([line.decode("utf-8").rstrip("\r\n")], strict=True)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except csv.Error as error:
        raise ValueError(str(error)) from None
    return cells


def _bad_header(number: int, why: str) -> Invalid:
    return Invalid("bad_header", f"Line {number}, the header: {why}.")
