"""ledger verify: the books in the database, or an export without one."""

import gzip
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from jobs.checks import all_checks
from jobs.verify import verify_all
from kopeck.database import application
from ledger.findings import is_halted
from ledger.offline import verify_export
from ledger.seal_chain import Head


class PublicKey(click.ParamType):
    """32 bytes as hex digits."""

    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            self.fail("a public key is 64 hex digits", param, ctx)
        return bytes.fromhex(value)


class HeadOfChain(click.ParamType):
    """A seal's number and its hash."""

    name = "n:hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        match = re.fullmatch(r"(\d{1,18}):([0-9a-fA-F]{64})", value, re.ASCII)
        if not match:
            self.fail("a head is a seal's number, a colon and its hash of 64 hex digits", param, ctx)
        return int(match[1]), bytes.fromhex(match[2])


@click.command()
@click.option(
    "--export",
    "export",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Prove this file of `kopeck ledger export --format ndjson` (or .gz of it) instead; needs no database.",
)
@click.option(
    "--public-key",
    "keys",
    type=PublicKey(),
    multiple=True,
    help="With --export: a public key that you trust (`kopeck ledger keys`); may be repeated.",
)
@click.option(
    "--head",
    type=HeadOfChain(),
    help="A seal that you wrote down earlier (`kopeck ledger seal`); shows that none was cut off since.",
)
def verify(export: Path | None, keys: tuple[bytes, ...], head: Head | None) -> None:
    """Prove the books: every check is a query that must return nothing.

    Findings are kept, each is printed with the row it is about, and payouts stop until somebody has looked into them
    and acknowledged them. Exit code 1 while there is a finding that stops payouts.
    """
    if export is not None:
        sys.exit(_prove_export(export, keys, head))
    if keys:
        raise click.UsageError("--public-key belongs to --export.")
    sys.exit(_prove_books(head))


def _prove_books(head: Head | None) -> int:
    settings = load_settings()
    with application(settings, statement_seconds=0) as (engine, _):
        count = len(all_checks(settings))
        with _progress(count) as tell:
            found, new = verify_all(engine, settings, now, tell, head)
        with transaction(engine) as session:
            halted = is_halted(session)
    for each in found:
        state = f", acknowledged by {each.acknowledged_by}" if each.acknowledged_at else ""
        click.echo(f"{each.check}: {each.subject}: {each.detail} ({each.id}{state})", err=True)
    click.echo(f"{count} checks, {len(found)} findings, {new} of them new")
    if halted:
        click.echo("Payouts are stopped until every finding is acknowledged.", err=True)
    return 1 if halted else 0


def _prove_export(path: Path, keys: Sequence[bytes], head: Head | None) -> int:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            report = verify_export(file, keys, head)
    except (EOFError, gzip.BadGzipFile) as error:
        click.echo(f"{path}: {error}", err=True)
        return 1
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problem_count > len(report.problems):
        click.echo(f"… and {report.problem_count - len(report.problems)} more", err=True)
    click.echo(
        f"{report.entries} entries, {report.postings} postings, {report.accounts} accounts, {report.seals} seals"
        f" with {report.sealed} entries, {report.problem_count} problems"
    )
    if not keys:
        click.echo("No --public-key: the export's own first key was believed.", err=True)
    return 1 if report.problem_count else 0


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("verify", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)
