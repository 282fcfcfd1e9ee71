"""ledger export."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.database import transaction
from core.errors import Refused
from core.settings import load_settings
from kopeck.database import application
from ledger.export import FORMATS
from ledger.export.snapshot import count_postings, open_snapshot


@click.command()
@click.option("--format", "name", type=click.Choice(list(FORMATS)), required=True, help="What to write.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write, replaced when it is whole. Default: standard output.",
)
def export(name: str, output: Path | None) -> None:
    """Hand out the whole ledger as one file, as of one moment.

    The end of the file counts what is in it: one that was cut off is told from a whole one.
    """
    chosen = FORMATS[name]
    if output is None and chosen.binary and sys.stdout.isatty():
        raise Refused("binary_to_terminal", f"A terminal cannot show {name}: give --output FILE.")
    with (
        application(load_settings(), statement_seconds=0) as (engine, _),
        transaction(engine) as session,
        _target(output) as file,
    ):
        open_snapshot(session)
        with _progress(name, count_postings(session) if chosen.tells else None) as tell:
            for piece in chosen.writer(session, tell):
                file.write(piece)


@contextmanager
def _target(output: Path | None) -> Iterator[BinaryIO]:
    """Where the file goes; nobody ever sees half of one under its name."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
    except OSError as error:
        raise Refused("cannot_write", f"{output} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn(name),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("postings"),
        TimeRemainingColumn(),
    )
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(name, total=total)
        yield lambda more: progress.update(task, advance=more)
