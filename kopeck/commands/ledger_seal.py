"""ledger seal, ledger keys list, ledger keys rotate."""

import sys

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from kopeck.terminal import console
from ledger.keyring import load_signer, next_signer, promote
from ledger.seal import seal_all
from ledger.seal_keys import endorse, list_keys
from ledger.seals import newest, unsealed


@click.command()
def seal() -> None:
    """Seal all entries there are, and print the head: the last seal's number and hash.

    Write the head down outside: with it, `kopeck ledger verify` also shows that no seal was cut off since.
    """
    settings = load_settings()
    columns = (TextColumn("entries"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with application(settings, statement_seconds=0) as (engine, _):
        with transaction(engine) as session:
            waiting, _ = unsealed(session)
        with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("entries", total=waiting)
            for taken in seal_all(engine, load_signer(settings), now):
                progress.advance(task, taken.entries)
                click.echo(f"sealed {taken.entries:,} entries, {taken.postings:,} postings", err=True)
        with transaction(engine) as session:
            head = newest(session)
    click.echo(f"{head.n}:{head.hash.hex()}" if head else "nothing to seal")


@click.group()
def keys() -> None:
    """The keys of the seals."""


@keys.command("list")
def list_command() -> None:
    """Show the public keys, each endorsed by the one before."""
    settings = load_settings()
    table = Table("id", "public key", "endorsed by", "since", box=None)
    with application(settings) as (engine, _), transaction(engine) as session:
        for key in list_keys(session):
            since = f"{key.recorded_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
            table.add_row(key.id, key.public_key.hex(), key.endorsed_by or "-", since)
    console().print(table)


@keys.command()
def rotate() -> None:
    """Change to a new key: the old one signs it, and seals no more.

    One that broke off is simply run again.
    """
    settings = load_settings()
    with application(settings) as (engine, _):
        old, new = load_signer(settings), next_signer(settings)
        with transaction(engine) as session:
            endorse(session, old, new)
        promote(settings, old)
    click.echo(f"{new.id} {new.public.hex()}")
