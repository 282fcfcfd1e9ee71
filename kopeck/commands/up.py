"""up."""

import click

from core.settings import load_settings
from kopeck.commands.migrating import bring_up
from kopeck.database import check_database, database
from kopeck.tree import Stopped, run_together, stop_on_signals


@click.command()
def up() -> None:
    """Run everything: embedded PostgreSQL, migrations, server and scheduler, until Ctrl-C."""
    settings = load_settings()
    stop_on_signals()
    try:
        with database(settings) as found:
            bring_up(settings, found.owner_url)
            check_database(settings, found.app_url)
            click.echo(
                f"Kopeck is served at http://{settings.bind} (documentation: /docs). Ctrl-C stops it.",
                err=True,
            )
            raise SystemExit(run_together([["serve"], ["work"]], found.ended))
    except Stopped:
        raise SystemExit(0) from None
