"""tax: lay down from a file what is withheld from payouts."""

from datetime import datetime
from pathlib import Path

import click

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from kopeck.tax_file import read_tax_file
from payouts.withholding import add_withholding


@click.group()
def tax() -> None:
    """Taxes: lay down what is withheld from payouts."""


@tax.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", "person", default="command line", show_default=True, help="Who lays it down.")
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of rules that name none; else today.",
)
def apply(file: Path, person: str, since: datetime | None) -> None:
    """Lay down the withholding rules of FILE, all or none. A second time on the same day it changes nothing."""
    settings, at = load_settings(), now()
    first = since.date() if since else at.astimezone(settings.zone).date()
    with application(settings) as (engine, _), transaction(engine) as session:
        made = [
            add_withholding(
                session,
                tax_status=each.tax_status,
                currency=each.currency,
                valid_from=each.valid_from or first,
                kind=each.kind,
                bands=each.bands,
                person=person,
                now=at,
            )
            for each in read_tax_file(file)
        ]
    for each in made:
        click.echo(f"{each.kind} for {each.tax_status} in {each.currency}: from {each.valid_from}")
