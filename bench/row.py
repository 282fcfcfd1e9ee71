"""A line of the table, and the table."""

import math
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(slots=True)
class Row:
    """One measure against a floor of the same run; `parts` take it apart, each a name and a figure."""

    name: str
    measured: str
    floor: str = ""
    ratio: float | None = None
    wanted: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Watch:
    """Seconds of each named piece of work; pieces of one name are kept apart, for their median."""

    laps: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.laps.setdefault(name, []).append(time.perf_counter() - started)

    def total(self, *names: str) -> float:
        return sum(sum(self.laps[name]) for name in names or self.laps)

    def median(self, name: str) -> float:
        return statistics.median(self.laps[name])


def rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}/s"


def millis(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def show(rows: Iterable[Row]) -> None:
    """One table on stdout; what a row is made of stands below it."""
    table = Table(box=None, header_style="bold")
    for number, column in enumerate(("", "measured", "floor", "ratio", "wanted")):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        # Cut, not rounded: 0.498 must not look like a bar of 0.5 that was reached.
        ratio = "" if row.ratio is None else f"{math.floor(row.ratio * 100) / 100:.2f} x"
        table.add_row(row.name, row.measured, row.floor, ratio, row.wanted)
        for name, figure in row.parts:
            table.add_row(f"    {name}", f"[dim]{figure}[/dim]")
    Console(width=None if Console().is_terminal else 130).print(table)
