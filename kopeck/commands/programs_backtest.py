"""programs backtest: rules tried over what has been, told so that a person sees at once what they would change."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from kopeck.programs_file import read_rules
from kopeck.show_backtest import show_backtest
from rewards.backtest import Trial, backtest, spans
from rewards.trial import Span

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("backtest")
@click.argument("program")
@click.option("--version", "number", type=click.IntRange(1), help="Try this version.")
@click.option(
    "--rules",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Try the rules of this file.",
)
@click.option("--from", "since", type=DAY, required=True, help="First day.")
@click.option("--to", "until", type=DAY, required=True, help="Last day; it is over.")
@click.option("--by", "person", default="command line", show_default=True, help="Who asks.")
def backtest_command(
    program: str, number: int | None, file: Path | None, since: datetime, until: datetime, person: str
) -> None:
    """What rules would have cost over stored days, beside the versions in force, and who would win or lose.

    The result is kept; `GET /v1/backtests/{id}` shows it again. Nothing else is written.
    """
    if (number is None) == (file is None):
        raise click.UsageError("Say --version N or --rules FILE, one of the two.")
    settings, at = load_settings(), now()
    trial = Trial(program, since.date(), until.date(), number, read_rules(file) if file else None)
    with (
        application(settings, statement_seconds=0) as (engine, _),
        _bar(trial.since, trial.until) as progress,
        transaction(engine) as session,
    ):
        found = backtest(session, trial, person, at, settings, progress)
    show_backtest(found)


@contextmanager
def _bar(since: date, until: date) -> Iterator[Callable[[Span], None]]:
    """A bar by months, on standard error, where that is a terminal."""
    columns = (
        TextColumn("reading {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console, total = Console(stderr=True), sum(1 for _ in spans(since, until))
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=total)
        begun = -1

        def progress(span: Span) -> None:
            nonlocal begun
            begun += 1
            bar.update(task, completed=begun, description=f"{span.first:%Y-%m}")

        yield progress
