"""The command line: every command with its help, a clear error, an exit code."""

import logging
import sys
from importlib import import_module

import click

from core.errors import KopeckError
from kopeck.logs import configure_logs

# Each command's module is imported when the command is used: Flask, Alembic and the jobs take their time.
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
    "tallies": "tallies.tallies",
    "version": "version.version_command",
}


class Cli(click.Group):
    """Refusals become one line on standard error and exit code 1; a fault keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(".")
        command: click.Command = getattr(import_module(f"kopeck.commands.{module}"), attribute)
        return command

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
