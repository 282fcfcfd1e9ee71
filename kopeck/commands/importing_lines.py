"""A file to import as lines, whatever its size: unpacked where it is gzip, told apart, known again."""

import codecs
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from core.errors import Invalid
from kopeck.commands.importing_csv import csv_header

LONGEST = 1024 * 1024
_HEAD = 1024 * 1024
_EVENTS = {"view", "click", "purchase", "refund"}
_CATALOG = {"creator", "seller", "product", "content", "follow", "like"}


def lines_of(raw: IO[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    """The file's lines; `tell` hears now and then how many of its bytes were read."""
    for number, line in enumerate(_whole(_unpacked(raw))):
        if number % 1000 == 0:
            tell(raw.tell())
        yield line


def kind_of(file: Path) -> str:
    """`csv` (events), `events` or `catalog`: by the name the first, by their first line the others.

    Raises:
        Invalid: `unknown_file`, its first line is none of these; `bad_header`, `broken_gzip`.
    """
    with file.open("rb") as raw:
        number, first = next(
            ((n, line) for n, line in enumerate(_whole(_unpacked(raw)), 1) if line.strip()), (1, b"")
        )
    if file.name.lower().removesuffix(".gz").endswith(".csv"):
        csv_header(first, number)
        return "csv"
    try:
        kind = json.loads(first or b"{}").get("type")
    except (ValueError, AttributeError, RecursionError):
        kind = None
    if not isinstance(kind, str) or kind not in _EVENTS | _CATALOG:
        raise Invalid("unknown_file", f"{file}: the first line is neither a catalog row nor an event.")
    return "events" if kind in _EVENTS else "catalog"


def known_by(file: Path, backfill: bool) -> str:
    """What the file is known by when the same command is given again: its size, when it was written and how it begins,
    not where it lies. A file that was mended counts as another, and is imported from its start: that costs time and
    books nothing twice, while going on in the wrong file would leave rows out. With `backfill` it is another import,
    because the same lines may end otherwise.
    """
    told = file.stat()
    with file.open("rb") as raw:
        head = raw.read(_HEAD)
    about = f"{told.st_size}:{told.st_mtime_ns}:{backfill}:".encode()
    return hashlib.sha256(about + head).hexdigest()


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw


def _whole(source: IO[bytes]) -> Iterator[bytes]:
    """Lines without the mark that some programs put before UTF-8. Of a line longer than any row may be, so much is
    given that it is refused as one row, and never more is held.
    """
    try:
        line = source.readline(LONGEST).removeprefix(codecs.BOM_UTF8)
        while line:
            yield line
            while len(line) == LONGEST and not line.endswith(b"\n"):
                line = source.readline(LONGEST)
            line = source.readline(LONGEST)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Invalid("broken_gzip", f"The file is cut short or damaged: {error}") from error
