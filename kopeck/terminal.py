"""Tables for people: what is in the data is printed as it stands."""

import sys

from rich.console import Console

WIDE = 10_000  # columns where no terminal wraps: a pipe or a file gets every amount whole


def console() -> Console:
    """Standard output without markup and emoji: account codes hold colons, and `:star:` is no picture."""
    return Console(markup=False, emoji=False, highlight=False, width=None if sys.stdout.isatty() else WIDE)
