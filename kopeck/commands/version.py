"""version."""

import click

from kopeck import version


@click.command("version")
def version_command() -> None:
    """Print the version."""
    click.echo(version())
