"""report reconciliation: what our books, Stripe's and the bank's say, and what does not agree."""

from typing import Any

import click
from sqlalchemy.orm import Session

from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from kopeck.terminal import show_table
from payouts.differences import Difference, list_differences, stopped_currencies
from payouts.reconcile_read import CurrencySummary, Summary, summary

MOST = 1000  # differences shown; behind so many stands one cause


@click.command()
@click.option("--limit", type=click.IntRange(min=0), help="Whole units; else KOPECK_RECONCILIATION_LIMIT.")
def reconciliation(limit: int | None) -> None:
    """What each side says by currency, and every open difference.

    Exit code 1 when an open difference is above the limit, so that sending of its currency stands still.
    """
    settings, at = load_settings(), now()
    most = settings.reconciliation_limit if limit is None else limit
    with application(settings) as (engine, _), transaction(engine) as session:
        found, open_ = summary(session), _open(session, at)
        stopped = stopped_currencies(session, most)
    _show(found, open_)
    if stopped:
        click.echo(f"Sending stands still: {', '.join(sorted(stopped))}. See docs/runbook.md.", err=True)
        raise SystemExit(1)


def _open(session: Session, at: Any) -> list[Difference]:
    return [each for _, each in list_differences(session, at, limit=MOST)]


def _show(found: Summary, open_: list[Difference]) -> None:
    when = f"as of {found.as_of:%Y-%m-%d %H:%M %Z}" if found.as_of else "never compared yet"
    columns = ["currency", "ledger", "provider", "bank", "in transit", "suspense", "open", "amount"]
    show_table(f"Reconciliation, {when}", columns, [_cells(each) for each in found.currencies])
    if open_:
        rows = [[each.kind, each.subject, each.amount, each.age_days, each.id] for each in open_]
        show_table("Open differences", ["kind", "subject", "amount", "days", "id"], rows)


def _cells(line: CurrencySummary) -> list[Any]:
    provider = "no answer" if line.provider is None else line.provider.amount
    sides = [line.ledger.amount, provider, line.bank.amount, line.in_transit.amount, line.suspense.amount]
    return [line.currency, *sides, line.open, line.amount.amount]
