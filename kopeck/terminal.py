"""Tables for people: what is in the data is printed as it stands."""

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

WIDE = 10_000  # columns where no terminal wraps: a pipe or a file gets every amount whole


def console() -> Console:
    """Standard output without markup and emoji: account codes hold colons, and `:star:` is no picture."""
    return Console(markup=False, emoji=False, highlight=False, width=None if sys.stdout.isatty() else WIDE)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; the first column is text, the others are figures."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*map(str, row))
    console().print(table)
