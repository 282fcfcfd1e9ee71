"""The command line: every command with its help, a clear error, an exit code."""

import logging
import sys

import click

from core.errors import KopeckError
from kopeck.lazy import LazyGroup
from kopeck.logs import configure_logs

COMMANDS = {
    "up": "up.up",
    "demo": "demo.demo",
    "serve": "serving.serve_command",
    "work": "working.work_command",
    "migrate": "migrating.migrate_command",
    "settings": "settings.show_settings",
    "keys": "keys.keys",
    "import": "importing.import_command",
    "jobs": "jobs.jobs",
    "report": "report.report",
    "ledger": "ledger.ledger",
    "programs": "programs.programs",
    "tallies": "tallies.tallies",
    "tax": "tax.tax",
    "version": "version.version_command",
}


class Cli(LazyGroup):
    """Refusals become one line on standard error and exit code 1; a fault keeps its traceback."""

    places = COMMANDS

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KopeckError as error:
            click.echo(f"kopeck: {error.detail}", err=True)
            sys.exit(1)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Kopeck: creator monetization and payout ledger.

    Settings come from the environment (KOPECK_HOME, KOPECK_DATABASE_URL, KOPECK_BIND, KOPECK_TIME_ZONE, …) and from
    kopeck.toml in the home folder; `kopeck settings` shows them all.
    """
    configure_logs(logging.WARNING)  # the server and the scheduler say more
