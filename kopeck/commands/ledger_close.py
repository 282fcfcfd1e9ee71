"""ledger close."""

import click

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from ledger.close import close_period


@click.command()
@click.argument("period")
@click.option("--name", "person", required=True, help="The person who closes it.")
def close(period: str, person: str) -> None:
    """Close a month or a day that has ended, and all days before it, for ever. PERIOD: 2026-10 or 2026-10-31."""
    settings = load_settings()
    at = now()
    with application(settings) as (engine, _), transaction(engine) as session:
        made = close_period(session, period, person, at.astimezone(settings.zone).date(), at)
    click.echo(f"Closed {made.period}: nothing is booked on {made.through} or before any more.")
