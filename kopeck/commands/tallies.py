"""tallies verify."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from attribution.recount import Difference, Part, differences, parts, tally_count
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application


@click.group()
def tallies() -> None:
    """Tallies: the counts of views, clicks and watched time that rewards are worked out from."""


@tallies.command()
def verify() -> None:
    """Count every event again and compare with the tallies. Exit code 1 when one differs."""
    settings = load_settings()
    found: list[Difference] = []
    with application(settings, statement_seconds=0) as (engine, _):
        with transaction(engine) as session:
            tally, every = tally_count(session), parts(session)
        with _bar(sum(part.bytes for part in every)) as advance:
            for part in every:
                with transaction(engine) as session:
                    found += differences(session, settings, part)
                advance(part)
    for difference in found:
        click.echo(_line(difference), err=True)
    told = f"{len(found):,} differences" if found else "no differences"
    click.echo(f"{tally:,} tallies counted again: {told}")
    sys.exit(1 if found else 0)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[Part], None]]:
    """A bar by the bytes of the events read, on standard error, where that is a terminal."""
    columns = (
        TextColumn("counting again {task.description}"), BarColumn(), TaskProgressColumn(), DownloadColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=total)
        yield lambda part: bar.update(task, advance=part.bytes, description=f"until {part.until}")


def _line(difference: Difference) -> str:
    of = difference.content if difference.product is None else f"{difference.content} {difference.product}"
    stored, counted = ("none" if n is None else f"{n:,}" for n in (difference.stored, difference.counted))
    return f"{difference.day} {of}: {difference.measure} {stored}, counted {counted}"
