"""tallies verify."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from attribution.recount import Difference, Extent, extent, verify_tallies
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
    with application(settings, statement_seconds=0) as (engine, _), transaction(engine) as session:
        counted = extent(session)
        with _watched(counted):
            differences = verify_tallies(session, settings)
    for difference in differences:
        click.echo(_line(difference), err=True)
    found = f"{len(differences):,} differences" if differences else "no differences"
    click.echo(f"{counted.tallies:,} tallies counted again: {found}")
    sys.exit(1 if differences else 0)


@contextmanager
def _watched(counted: Extent) -> Iterator[None]:
    """It is one statement, so that it sees one moment; how long it has been at it is all there is to show."""
    if not sys.stderr.isatty():
        yield
        return
    what = f"about {counted.touches:,} events, {counted.tallies:,} tallies"
    with Console(stderr=True).status(f"counting again: {what}"):
        yield


def _line(difference: Difference) -> str:
    of = difference.content if difference.product is None else f"{difference.content} {difference.product}"
    stored, counted = ("none" if n is None else f"{n:,}" for n in (difference.stored, difference.counted))
    return f"{difference.day} {of}: {difference.measure} {stored}, counted {counted}"
