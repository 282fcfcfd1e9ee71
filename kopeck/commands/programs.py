"""programs: put them up from files, try new rules over what has been; each command a file of its own."""

import click

from kopeck.lazy import LazyGroup

COMMANDS = {
    "apply": "programs_apply.apply",
    "backtest": "programs_backtest.backtest_command",
}


class ProgramsGroup(LazyGroup):
    places = COMMANDS


@click.group(cls=ProgramsGroup)
def programs() -> None:
    """Programs: load them from files, try new rules over what has been."""
