"""The ledger in a few dictionaries: what it must answer, written once more without a database.

Amounts are micros, debit positive. An account is a code in one currency; its place in `postings` is its version.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

Account = tuple[str, str]
FLOORED = (":unallocated", ":line:", ":in_transit", ":seller:")


@dataclass(frozen=True)
class Request:
    """What a caller asks the door for."""

    key: str
    kind: str
    currency: str
    day: date
    legs: tuple[tuple[str, int], ...]
    note: str | None = None
    at_least: tuple[tuple[str, int], ...] = ()
    corrects: str | None = None  # the key of another entry

    @property
    def net(self) -> dict[str, int]:
        amounts: dict[str, int] = {}
        for code, amount in self.legs:
            amounts[code] = amounts.get(code, 0) + amount
        return {code: amount for code, amount in amounts.items() if amount}

    @property
    def content(self) -> "Request":
        """What the key stands for: the order of legs and the conditions are no part of it."""
        return replace(self, legs=tuple(sorted(self.net.items())), at_least=())


@dataclass(frozen=True)
class Line:
    """A posting; its version is its place."""

    key: str
    amount: int
    balance: int
    booked_on: date
    latest_on: date


@dataclass
class Model:
    """The books of one example."""

    closed: date | None = None
    entries: dict[str, tuple[Request, date]] = field(default_factory=dict)
    postings: dict[Account, list[Line]] = field(default_factory=dict)

    def copy(self) -> "Model":
        return copy.deepcopy(self)

    def post(self, asked: Request) -> tuple[str, list[str]]:
        """The outcome (posted, replayed, or a refusal's code) and the accounts of which a refusal names one."""
        refusal = self._refusal(asked)
        if refusal:
            return refusal
        if asked.key in self.entries:
            return ("replayed", [])
        booked_on = max(asked.day, self.closed + timedelta(1)) if self.closed else asked.day
        self.entries[asked.key] = (asked.content, booked_on)
        for code, amount in asked.net.items():
            lines = self.postings.setdefault((code, asked.currency), [])
            latest = max([booked_on, *(line.latest_on for line in lines[-1:])])
            balance = (lines[-1].balance if lines else 0) + amount
            lines.append(Line(asked.key, amount, balance, booked_on, latest))
        return ("posted", [])

    def _refusal(self, asked: Request) -> tuple[str, list[str]] | None:
        """Why not, in the order in which the door asks."""
        net = asked.net
        if len(net) < 2 or sum(net.values()):
            return ("unbalanced_entry", [])
        if any("nonsense" in code for code in (*net, *(code for code, _ in asked.at_least))):
            return ("unknown_account", [])
        if asked.key in self.entries:
            return None if self.entries[asked.key][0] == asked.content else ("key_reused", [])
        if asked.kind == "reversal" and any(
            (old.kind, old.corrects) == ("reversal", asked.corrects) for old, _ in self.entries.values()
        ):
            return ("already_exists", [])
        after = {code: self.natural((code, asked.currency), net.get(code, 0)) for code in net}
        short = [code for code in net if any(part in code for part in FLOORED) and after[code] < 0]
        if not short:
            short = [
                code
                for code, least in asked.at_least
                if self.natural((code, asked.currency), net.get(code, 0)) < least
            ]
        return ("insufficient_funds", short) if short else None

    def balance(self, account: Account, version: int | None = None) -> int:
        lines = self.postings.get(account, [])[:version]
        return lines[-1].balance if lines else 0

    def natural(self, account: Account, more: int = 0) -> int:
        return (self.balance(account) + more) * (1 if account[0].startswith(("assets:", "expenses:")) else -1)

    def versions(self) -> dict[Account, int]:
        return {account: len(lines) for account, lines in self.postings.items()}

    def on(self, day: date) -> Mapping[Account, int]:
        """Balances by the end of a day of the books."""
        return {
            account: sum(line.amount for line in lines if line.booked_on <= day)
            for account, lines in self.postings.items()
        }


def opposite(asked: Request, key: str, day: date, legs: Sequence[tuple[str, int]]) -> Request:
    """The entry that takes another one back."""
    turned = tuple((code, -amount) for code, amount in legs)
    return replace(asked, key=key, kind="reversal", day=day, legs=turned, at_least=(), corrects=asked.key)
