"""migrate."""

import click

from core.database import make_engine
from core.migrate import migrate
from core.settings import Settings, load_settings
from kopeck.database import database


def bring_up(settings: Settings, owner_url: str) -> None:
    """Migrate, and say so."""
    engine = make_engine(owner_url, settings.time_zone, role=None, statement_seconds=0)
    before, after = migrate(engine, settings.time_zone)
    engine.dispose()
    if before != after:
        click.echo(f"Database schema: {before or 'empty'} -> {after}", err=True)


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to this release's schema."""
    settings = load_settings()
    with database(settings) as found:
        bring_up(settings, found.owner_url)
    click.echo("The database is at this release's schema.", err=True)
