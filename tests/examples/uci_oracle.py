"""What the UCI example must come to, worked out from the CSV alone: plain loops and whole pennies, nothing of Kopeck's
and nothing of the example's own script.

Every sale belongs to the creator of its stock code, by the latest click of that customer on that product no later than
the sale (of two at one moment the higher id by bytes); every sale has a click a minute earlier, so none goes without.
"""

import csv
import gzip
from bisect import bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

Key = tuple[str, str]


@dataclass
class Outcome:
    """Pennies by creator; `winner` is the click that earned each purchase."""

    sold: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    sales: int = 0
    returns: int = 0
    unknown: int = 0
    winner: dict[str, str] = field(default_factory=dict)

    def net(self) -> dict[str, int]:
        return {creator: sold - self.returned[creator] for creator, sold in self.sold.items()}


@dataclass
class _Sale:
    pennies: int
    left: int


def work_out(path: Path) -> Outcome:
    outcome = Outcome()
    earlier: dict[tuple[str, str, int], list[_Sale]] = {}
    clicks: dict[Key, list[tuple[datetime, bytes]]] = {}
    sales: list[tuple[int, datetime, Key]] = []
    number = 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pennies = Decimal(row["UnitPrice"]) * 100
            if not row["CustomerID"] or pennies <= 0 or pennies != int(pennies):
                continue
            number += 1
            product, quantity = row["StockCode"].replace(" ", "_"), int(row["Quantity"])
            customer, at = row["CustomerID"].split(".")[0], datetime.fromisoformat(row["InvoiceDate"])
            bought = earlier.setdefault((customer, product, int(pennies)), [])
            creator = product.upper()[:3]
            if quantity > 0:
                outcome.sales += 1
                outcome.sold[creator] += quantity * int(pennies)
                bought.append(_Sale(int(pennies), quantity))
                sales.append((number, at, (customer, product)))
                insort(
                    clicks.setdefault((customer, product), []),
                    (at - timedelta(minutes=1), f"c{number}".encode()),
                )
            else:
                _give_back(outcome, creator, bought, -quantity)
    for number, at, key in sales:
        outcome.winner[f"p{number}"] = clicks[key][bisect_right(clicks[key], (at, b"d")) - 1][1].decode()
    return outcome


def _give_back(outcome: Outcome, creator: str, bought: list[_Sale], quantity: int) -> None:
    found = next((sale for sale in reversed(bought) if sale.left >= quantity), None)
    if found is None:
        outcome.unknown += 1
        return
    found.left -= quantity
    outcome.returns += 1
    outcome.returned[creator] += quantity * found.pennies
