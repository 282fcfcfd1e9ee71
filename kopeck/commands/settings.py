"""settings."""

from dataclasses import fields

import click

from core.settings import Settings, load_settings


@click.command("settings")
def show_settings() -> None:
    """Show every setting with its value; secrets are masked."""
    settings = load_settings()
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if item.metadata["secret"] and value is not None:
            value = "(set)"
        click.echo(
            f"KOPECK_{item.name.upper():<20} {'' if value is None else value!s:<24} {item.metadata['about']}"
        )
