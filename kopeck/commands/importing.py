"""import: a file of catalog rows or events into the database, with a progress bar."""

import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy import Engine

from attribution.importing import import_events
from catalog.bulk import load_catalog
from core.clock import now
from core.database import transaction
from core.errors import Invalid
from core.secrets import Vault
from core.settings import Settings, load_settings
from kopeck.database import application

CATALOG_LINES = 10_000
SHOWN = 20
_EVENTS = {"view", "click", "purchase", "refund"}
_CATALOG = {"creator", "seller", "product", "content", "follow", "like"}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--backfill", is_flag=True, help="Take events older than the late limit.")
def import_command(file: Path, backfill: bool) -> None:
    """Import FILE: NDJSON (also gzip), one catalog row or one event a line; which of them, the lines tell.

    What is there already is a duplicate, so an import that broke off is simply run again. Exit code 1 when a line
    was rejected.
    """
    settings = load_settings()
    with application(settings, statement_seconds=0) as (engine, vault):
        counts, errors = import_file(engine, settings, vault, file, backfill)
    click.echo(f"{file.name}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    for error in errors[:SHOWN]:
        click.echo(f"  line {error['index'] + 1}: {error['code']}: {error['detail']}", err=True)
    if counts["rejected"] > SHOWN:
        click.echo(f"  and {counts['rejected'] - SHOWN:,} more", err=True)
    if counts["rejected"]:
        sys.exit(1)


def import_file(
    engine: Engine, settings: Settings, vault: Vault, file: Path, backfill: bool
) -> tuple[dict[str, int], list[dict[str, object]]]:
    """Import a file at constant memory. Returns the counts and the first errors.

    Raises:
        Invalid: `unknown_file`, its first line is neither a catalog row nor an event; `broken_gzip`.
    """
    columns = (
        TextColumn(file.name),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress,
        file.open("rb") as raw,
    ):
        task = progress.add_task(file.name, total=file.stat().st_size)
        lines = _watched(_unpacked(raw), raw, lambda at: progress.update(task, completed=at))
        if _kind(file) == "catalog":
            return _catalog(engine, vault, lines)
        return _events(engine, settings, vault, lines, file.name, backfill)


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw  # type: ignore[type-var]


def _watched(source: IO[bytes], raw: IO[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    for number, line in enumerate(_whole(source)):
        if number % 1000 == 0:
            tell(raw.tell())
        yield line


def _whole(source: IO[bytes]) -> Iterator[bytes]:
    try:
        yield from source
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Invalid("broken_gzip", f"The file is cut short or damaged: {error}") from error


def _kind(file: Path) -> str:
    with file.open("rb") as raw:
        first = next((line for line in _whole(_unpacked(raw)) if line.strip()), b"{}")
    try:
        kind = json.loads(first).get("type")
    except (ValueError, AttributeError, RecursionError):
        kind = None
    if not isinstance(kind, str) or kind not in _EVENTS | _CATALOG:
        raise Invalid("unknown_file", f"{file}: the first line is neither a catalog row nor an event.")
    return "events" if kind in _EVENTS else "catalog"


def _catalog(
    engine: Engine, vault: Vault, lines: Iterator[bytes]
) -> tuple[dict[str, int], list[dict[str, object]]]:
    accepted = rejected = done = 0
    errors: list[dict[str, object]] = []
    while chunk := list(islice(lines, CATALOG_LINES)):
        with transaction(engine) as session:
            result = load_catalog(session, b"".join(chunk), now(), vault)
        accepted, rejected = accepted + sum(result.accepted.values()), rejected + result.rejected
        errors += [error | {"index": error["index"] + done} for error in result.errors][: SHOWN - len(errors)]
        done += len(chunk)
    return {"accepted": accepted, "rejected": rejected}, errors


def _events(
    engine: Engine, settings: Settings, vault: Vault, lines: Iterator[bytes], source: str, backfill: bool
) -> tuple[dict[str, int], list[dict[str, object]]]:
    names = ("accepted", "duplicates", "conflicts", "parked", "rejected")
    counts = dict.fromkeys(names, 0)
    errors: list[dict[str, object]] = []
    for so_far in import_events(
        engine, lines, source=f"import {source}", clock=now, settings=settings, vault=vault, backfill=backfill
    ):
        counts = {name: getattr(so_far, name) for name in names}
        errors += [
            {"index": error.index, "code": error.code, "detail": error.detail} for error in so_far.errors
        ][: SHOWN - len(errors)]
    return counts, errors
