"""report attribution, fund, reconciliation, trial-balance."""

from datetime import datetime
from typing import Any

import click

from attribution.report import attribution_report
from core.clock import now
from core.database import transaction
from core.money import Money
from core.settings import load_settings
from kopeck.commands.report_reconciliation import reconciliation
from kopeck.database import application
from kopeck.terminal import console, show_table
from ledger.balances import trial_balance, trial_totals
from rewards.burn_down import BurnDown, burn_down
from rewards.funds import Fund, get_fund

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def report() -> None:
    """Reports to read in the terminal."""


report.add_command(reconciliation)


@report.command()
@click.option("--from", "since", type=DAY, required=True, help="First day.")
@click.option("--to", "until", type=DAY, required=True, help="Last day.")
@click.option("--policy", default="default", show_default=True)
def attribution(since: datetime, until: datetime, policy: str) -> None:
    """How many purchases were attributed, by click and by view."""
    with application(load_settings()) as (engine, _), transaction(engine) as session:
        found = attribution_report(session, since.date(), until.date(), policy)
    rows = [
        [
            name,
            f"{getattr(found, name).count:,}",
            ", ".join(str(money) for money in getattr(found, name).sums.values()),
        ]
        for name in ("purchases", "attributed", "by_click", "by_view", "unattributed")
    ]
    show_table(
        f"Attribution {since:%Y-%m-%d} to {until:%Y-%m-%d}, policy {policy}", ["", "purchases", "sum"], rows
    )


@report.command()
@click.argument("fund")
def fund(fund: str) -> None:
    """What a fund and its lines hold, spent and still owe, and how fast each line burns down."""
    settings, at = load_settings(), now()
    with application(settings) as (engine, _), transaction(engine) as session:
        show_fund(get_fund(session, fund, at, settings), burn_down(session, fund, at, settings))


def show_fund(found: Fund, burning: BurnDown) -> None:
    """A fund as a table; a line's bar is what it spent of its present period's money."""
    rows: list[list[Any]] = []
    for line, burn in zip(found.lines, burning.lines, strict=True):
        given = (line.allocated, line.transferred, line.spent, line.waiting, line.balance, burn.daily)
        rows.append([line.id, *(money.amount for money in given), burn.dry_on or "-", _bar(burn.percent)])
    rows.append(["(unallocated)", "", "", "", "", found.unallocated.amount, "", "", ""])
    title = f"Fund {found.id}: {found.name}, {found.deposited} of a budget of {found.budget}"
    columns = [
        "line",
        "allocated",
        "transferred",
        "spent",
        "waiting",
        "balance",
        "a day",
        "runs dry",
        "period spent",
    ]
    show_table(title, columns, rows)


def _bar(percent: int) -> str:
    full, empty = ("█", "░") if "utf" in console().encoding else ("#", ".")
    filled = min(percent, 100) // 10
    return f"{full * filled}{empty * (10 - filled)} {percent:3d} %"


@report.command("trial-balance")
def trial() -> None:
    """Every account's balance, debit positive; the totals must be zero."""
    with application(load_settings()) as (engine, _), transaction(engine) as session:
        lines, totals = trial_balance(session), trial_totals(session)
    show_table("Trial balance", ["account", "debit", "credit"], [
        [line.code, line.money if line.money.micros > 0 else "", -line.money if line.money.micros < 0 else ""]
        for line in lines if line.money.micros
    ])  # fmt: skip
    for currency, (total, debits) in totals.items():
        click.echo(f"{currency}: debits {Money(debits, currency)}, difference {Money(total, currency)}")
