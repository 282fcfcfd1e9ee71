"""Commands that are imported when they are used: Flask, Alembic and the jobs take their time."""

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click


class LazyGroup(click.Group):
    """A group of commands, each named by its module in `kopeck.commands` and its place there: `serving.serve_command`."""

    places: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.places:
            return None
        module, attribute = self.places[name].split(".")
        command: click.Command = getattr(import_module(f"kopeck.commands.{module}"), attribute)
        return command
