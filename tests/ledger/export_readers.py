"""What other programs read in our exports: balances in micros by account and currency.

As a program it compares a folder of exports (`ledger.journal`, `.beancount`, `.csv`, `.parquet`) with the trial balance
of the database of the settings; see `.ci/journals`.
"""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import click
import pyarrow.parquet as pq
from beancount import loader
from beancount.core import data

Balances = dict[tuple[str, str], int]
UTF8 = os.environ | {"LC_ALL": "C.UTF-8"}  # hledger reads a file in the locale's encoding


def hledger(*arguments: str) -> str:
    """What hledger says; it must be content."""
    done = subprocess.run(["hledger", *arguments], capture_output=True, encoding="utf-8", env=UTF8)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def micros(text: str | Decimal) -> int:
    """Micros of an exact decimal."""
    exact = Decimal(text) * 1_000_000
    assert exact == int(exact), f"{text} has more than six decimals"
    return int(exact)


def moved(balances: Balances) -> Balances:
    """Those that are not zero."""
    return {key: balance for key, balance in balances.items() if balance}


def by_hledger(path: Path) -> Balances:
    """hledger's own balances, after its strict checks."""
    hledger("check", "--strict", "ordereddates", "-f", str(path))
    report = hledger("balance", "-f", str(path), "--flat", "-N", "-E", "--layout=bare", "-O", "csv")
    rows = csv.DictReader(report.splitlines(), strict=True)
    return moved({(row["account"], row["commodity"]): micros(row["balance"]) for row in rows})


def by_beancount(path: Path) -> Balances:
    """The sums of what beancount loaded without an error, by our codes."""
    entries, errors, _ = loader.load_file(str(path))
    assert not errors, [error.message for error in errors[:5]]
    codes = {entry.account: entry.meta["code"] for entry in entries if isinstance(entry, data.Open)}
    assert len(set(codes.values())) == len(codes)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            sums[codes[posting.account], posting.units.currency] += posting.units.number
    return moved({key: micros(total) for key, total in sums.items()})


def csv_rows(path: Path) -> tuple[list[dict[str, str]], dict[str, dict[str, str]]]:
    """The postings, and the totals by currency."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    totals = {row["currency"]: row for row in rows if row["entry"] == "total"}
    return [row for row in rows if row["entry"] != "total"], totals


def by_csv(path: Path) -> Balances:
    """The sums of the amounts, which the last balances and the rows of totals agree with."""
    rows, totals = csv_rows(path)
    sums: Balances = defaultdict(int)
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        key = (row["account"], row["currency"])
        sums[key] += micros(row["amount"])
        last[key] = max(last.get(key, (0, 0)), (int(row["version"]), micros(row["balance"])))
    assert sums == {key: balance for key, (_, balance) in last.items()}
    for currency, total in totals.items():
        amounts = [micros(row["amount"]) for row in rows if row["currency"] == currency]
        assert micros(total["amount"]) == sum(amount for amount in amounts if amount > 0)
        assert micros(total["balance"]) == sum(amount for amount in amounts if amount < 0)
        assert int(total["version"]) == len(amounts)
    assert {row["currency"] for row in rows} == set(totals)
    return moved(dict(sums))


def by_parquet(path: Path) -> Balances:
    """The sums of the decimals, which the micros agree with; the footer counts the rows."""
    table = pq.read_table(path)
    assert int(pq.read_metadata(path).metadata[b"kopeck.postings"]) == table.num_rows
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in table.select(["account", "currency", "amount", "amount_micros"]).to_pylist():
        assert micros(row["amount"]) == row["amount_micros"]
        sums[row["account"], row["currency"]] += row["amount"]
    return moved({key: micros(total) for key, total in sums.items()})


READERS = {"journal": by_hledger, "beancount": by_beancount, "csv": by_csv, "parquet": by_parquet}


def main(folder: Path) -> int:
    """Print whether every reader found every account's balance; 0 when all did."""
    from core.database import transaction  # noqa: PLC0415  (only as a program)
    from core.settings import load_settings  # noqa: PLC0415
    from kopeck.database import application  # noqa: PLC0415
    from ledger.balances import trial_balance  # noqa: PLC0415

    with application(load_settings()) as (engine, _), transaction(engine) as session:
        ours = moved({(line.code, line.money.currency): line.money.micros for line in trial_balance(session)})
    wrong = 0
    for suffix, read in READERS.items():
        theirs = read(folder / f"ledger.{suffix}")
        differing = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
        click.echo(f"{suffix}: {len(theirs):,} balances, {len(differing):,} differ from the trial balance")
        for key in differing[:10]:
            click.echo(f"  {' '.join(key)}: ours {ours.get(key)}, theirs {theirs.get(key)} micros")
        wrong += len(differing)
    return 1 if wrong or not ours else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
