"""The command line: every command with its help, a clear error, an exit code."""

import logging
import sys

import click

from core.errors import KopeckError
from kopeck import version
from kopeck.commands import demo, importing, jobs, keys, ledger, report, running
from kopeck.logs import configure_logs


class Cli(click.Group):
    """Refusals become one line on standard error and exit code 1; a fault keeps its traceback."""

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


@main.command("version")
def show_version() -> None:
    """Print the version."""
    click.echo(version())


for command in (
    running.up,
    demo.demo,
    running.serve_command,
    running.work_command,
    running.migrate_command,
    running.show_settings,
    keys.keys,
    importing.import_command,
    jobs.jobs,
    report.report,
    ledger.ledger,
):
    main.add_command(command)
