"""What one accrual pays, in plain Python: from the targets that stand open and the money of those who pay for them."""

from dataclasses import dataclass
from datetime import date, datetime

Payer = tuple[str, str]  # kind and id: ("line", fund/line) or ("seller", seller/currency)


@dataclass
class Open:
    """A target as it stands: what is due, posted and cut, who pays, whether it waits or prorates."""

    id: int
    rule: int
    program: str
    key: str
    day: date
    target: int
    cut: int
    cut_at: int
    posted: int
    shadow: bool
    payer: Payer
    prorates: bool
    matures: datetime

    @property
    def due(self) -> int:
        if self.shadow:
            return 0
        if self.target >= self.cut_at:
            return self.target - self.cut
        return self.target - (self.cut * self.target * 2 + self.cut_at) // (self.cut_at * 2)

    @property
    def owed(self) -> int:
        return self.due - self.posted


def accrual(rows: list[Open], money: dict[Payer, int], limit: int, waits: bool) -> None:
    """Move what stands as one accrual does. `waits`: something that is over is still to be priced."""
    rows = sorted(rows, key=lambda row: (row.day, row.key.encode(), row.rule))
    for row in [each for each in rows if each.owed < 0][:limit]:
        money[row.payer] -= row.owed
        row.posted = row.due
    for payer in money:
        for row in [each for each in rows if each.payer == payer and each.owed > 0 and not each.prorates][
            :limit
        ]:
            paid = min(row.owed, money[payer])
            money[payer] -= paid
            row.posted += paid
    if waits:
        return
    rules = {
        (row.program, row.rule): row.payer
        for row in rows
        if row.prorates and row.owed > 0 and money[row.payer] > 0 and not _anyone_waits(rows, row.payer)
    }
    for (_, rule), payer in sorted(rules.items()):
        _prorate([row for row in rows if row.rule == rule and row.owed > 0], money, payer)


def _anyone_waits(rows: list[Open], payer: Payer) -> bool:
    return any(row.payer == payer and row.owed > 0 and not row.prorates for row in rows)


def _prorate(rows: list[Open], money: dict[Payer, int], payer: Payer) -> None:
    """All that a rule owes at once: shares by largest remainder, ties to the earlier key; the rest is cut for good."""
    total = sum(row.owed for row in rows)
    have = min(money[payer], total)
    if not have:
        return
    parts = [divmod(row.owed * have, total) for row in rows]
    left = have - sum(part for part, _ in parts)
    order = sorted(range(len(rows)), key=lambda i: -parts[i][1])
    for place, i in enumerate(order):
        row, paid = rows[i], parts[i][0] + (place < left)
        if paid < row.owed:
            row.cut, row.cut_at = row.target - row.posted - paid, row.target
        row.posted += paid
    money[payer] -= have
