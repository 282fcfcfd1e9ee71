"""import: files of catalog rows or events into the database, with a progress bar."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

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

from attribution.importing import chunks, import_events
from catalog.bulk import load_catalog
from core.clock import now
from core.database import transaction
from core.secrets import Vault
from core.settings import Settings, load_settings
from kopeck.commands.importing_csv import csv_events
from kopeck.commands.importing_lines import kind_of, known_by, lines_of
from kopeck.database import application

CATALOG_LINES = 10_000
SHOWN = 20
# Hears after every chunk: the counts so far, the chunk's row errors, after how many lines it went on (0: from the start).
Heard = Callable[[dict[str, int], list[dict[str, Any]], int], None]


@click.command("import")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--backfill", is_flag=True, help="Take events older than the late limit.")
@click.option("--restart", is_flag=True, help="Begin at the start of a file whose import broke off.")
@click.option("--errors", type=click.File("a"), help="Append every row error to this file, as NDJSON.")
def import_command(files: tuple[Path, ...], backfill: bool, restart: bool, errors: IO[str] | None) -> None:
    """Import FILEs: NDJSON of catalog rows or events (which of them, the first line tells), or CSV of events with
    their fields' names in the header; also gzip.

    An import that broke off goes on where it was when the same command is given again; what is there already is a
    duplicate. Exit code 1 when a line was rejected.
    """
    settings = load_settings()
    kinds = [kind_of(file) for file in files]  # all are looked at before one is imported
    with application(settings, statement_seconds=0) as (engine, vault):
        rejected = [
            _import(engine, settings, vault, file, kind, backfill, restart, errors)
            for file, kind in zip(files, kinds, strict=True)
        ]
    if any(rejected):
        sys.exit(1)


def _import(
    engine: Engine,
    settings: Settings,
    vault: Vault,
    file: Path,
    kind: str,
    backfill: bool,
    restart: bool,
    errors: IO[str] | None,
) -> int:
    """Import one file at constant memory and say what became of it; how many lines were rejected."""
    counts: dict[str, int] = {}
    first: list[dict[str, Any]] = []
    resumed = 0

    def heard(so_far: dict[str, int], found: list[dict[str, Any]], after: int) -> None:
        nonlocal counts, resumed
        counts, resumed = so_far, after
        first.extend(found[: SHOWN - len(first)])
        if errors and found:
            errors.writelines(json.dumps({"file": file.name, **error}) + "\n" for error in found)
            errors.flush()

    with file.open("rb") as raw, _bar(file) as progress:
        lines = lines_of(raw, progress)
        if kind == "catalog":
            _catalog(engine, vault, lines, heard)
        else:
            rows = csv_events(lines) if kind == "csv" else lines
            begun = {"file": known_by(file, backfill), "restart": restart, "backfill": backfill}
            _events(engine, settings, vault, rows, f"import {file.name}", heard, begun)
    _tell(file, counts, first, resumed)
    return counts["rejected"]


@contextmanager
def _bar(file: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar by bytes; gives what to tell how far it is."""
    columns = (
        TextColumn(file.name), BarColumn(), TaskProgressColumn(), DownloadColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda at: progress.update(task, completed=at)


def _catalog(engine: Engine, vault: Vault, lines: Iterator[bytes], heard: Heard) -> None:
    accepted = rejected = done = 0
    heard({"accepted": 0, "rejected": 0}, [], 0)
    for chunk in chunks(lines, CATALOG_LINES):
        with transaction(engine) as session:
            result = load_catalog(session, b"".join(_ended(line) for line in chunk), now(), vault)
        accepted, rejected = accepted + sum(result.accepted.values()), rejected + result.rejected
        found = [_numbered(error["index"] + done, error) for error in result.errors]
        heard({"accepted": accepted, "rejected": rejected}, found, 0)
        done += len(chunk)


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _events(
    engine: Engine,
    settings: Settings,
    vault: Vault,
    lines: Iterable[Any],
    source: str,
    heard: Heard,
    begun: dict[str, Any],
) -> None:
    for so_far in import_events(
        engine, lines, source=source, clock=now, settings=settings, vault=vault, **begun
    ):
        found = [_numbered(error.index, error.as_json()) for error in so_far.errors]
        heard(so_far.outcomes(), found, so_far.resumed)


def _numbered(index: int, error: dict[str, Any]) -> dict[str, Any]:
    return {"line": index + 1} | {name: error.get(name) for name in ("id", "code", "detail")}


def _tell(file: Path, counts: dict[str, int], first: list[dict[str, Any]], resumed: int) -> None:
    after = f" (went on after line {resumed:,})" if resumed else ""
    click.echo(f"{file.name}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + after)
    for error in first:
        click.echo(f"  line {error['line']}: {error['code']}: {error['detail']}", err=True)
    if counts["rejected"] > len(first):
        click.echo(f"  and {counts['rejected'] - len(first):,} more", err=True)
