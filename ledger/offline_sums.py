"""What an export adds up to: entries balance, accounts join up, the trailer says what came. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ledger.offline_accounts import Accounts
from ledger.offline_lines import EntryLine


class Sums:
    """Takes every entry; one row of figures an account and a currency."""

    def __init__(self) -> None:
        self.entries = self.postings = 0
        self.accounts = Accounts()
        self._currencies: dict[str, Counter[str]] = {}

    def take(self, entry: EntryLine) -> Iterator[str]:
        """What is wrong with the entry by itself."""
        self.entries += 1
        self.postings += len(entry.postings)
        if sum(amount for _, _, amount, _ in entry.postings) != 0 or len(entry.postings) < 2:
            yield "its postings do not balance"
        if len({code for code, *_ in entry.postings}) != len(entry.postings):
            yield "it has two postings to one account"
        sides = self._currencies.setdefault(entry.currency, Counter(debits=0, credits=0))
        for code, version, amount, balance in entry.postings:
            self.accounts.take(entry.currency, code, version, amount, balance)
            sides["debits" if amount > 0 else "credits"] += abs(amount)

    def compare(self, trailer: dict[str, Any] | None, seals: int) -> Iterator[str]:
        """What is wrong with all of them together."""
        yield from self.accounts.problems()
        if trailer is None:
            yield "the export has no end: it was cut off"
            return
        counts = {"entries": self.entries, "postings": self.postings, "seals": seals}
        for name, count in counts.items():
            if trailer.get(name) != count:
                yield f"the export says {trailer.get(name)} {name} and has {count}"
        currencies = {currency: dict(sides) for currency, sides in self._currencies.items()}
        if trailer.get("currencies") != currencies:
            yield f"the export says {trailer.get('currencies')} and adds up to {currencies}"
