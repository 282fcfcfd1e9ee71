"""serve."""

import click

from core.settings import load_settings
from kopeck.database import check_database, database
from kopeck.serve import serve
from kopeck.tree import follow_parent


@click.command("serve")
def serve_command() -> None:
    """Serve HTTP on KOPECK_BIND with KOPECK_WORKERS processes."""
    follow_parent()
    settings = load_settings()
    with database(settings) as found:
        check_database(settings, found.app_url)
        serve(settings, found.app_url)
