"""jobs list, jobs run."""

import sys

import click
from rich.table import Table

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from jobs.job import Context
from jobs.registry import JOBS
from jobs.run_now import run_all, run_now
from jobs.status import list_jobs
from kopeck.database import application
from kopeck.terminal import console


@click.group()
def jobs() -> None:
    """Jobs: what runs by itself, and running it now."""


@jobs.command("list")
def list_command() -> None:
    """Show every job, its last run and when it is due."""
    settings = load_settings()
    table = Table("job", "every", "due", "last run", "result", "what it does", box=None)
    with application(settings) as (engine, _), transaction(engine) as session:
        for line in list_jobs(session, now(), settings.zone):
            last = (
                f"{line.state} {line.started_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
                if line.started_at
                else "-"
            )
            counts = ", ".join(f"{name} {count:,}" for name, count in (line.result or {}).items()) or (
                line.error or "-"
            )
            due = f"{line.next_due.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
            table.add_row(line.name, line.every, due, last, counts, line.about)
    console().print(table)


@jobs.command()
@click.argument("name", type=click.Choice([*(job.name for job in JOBS), "all"]), metavar="NAME")
def run(name: str) -> None:
    """Run one job to its end now, or `all` in the order of the data until nothing is left to do."""
    settings = load_settings()
    with application(settings, statement_seconds=0) as (engine, vault):
        context = Context(engine, settings, vault, progress=lambda text: click.echo(text, err=True))
        if name == "all":
            done = run_all(context)
            runs, errors, finished = done.runs, done.errors, done.finished
        else:
            result = run_now(context, name)
            runs, finished = ((name, dict(result.counts)),), True
            errors = {} if result.state == "done" else {name: result.error or result.state}
    for job, counts in runs:
        did = ", ".join(f"{what} {count:,}" for what, count in counts.items() if count)
        click.echo(f"{job:<14} {did or 'nothing to do'}")
    for job, error in errors.items():
        click.echo(f"{job:<14} failed: {error}", err=True)
    if errors or not finished:
        sys.exit(1)
