"""How much of the sales attribution could give to somebody."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, NotFound
from core.money import Money


@dataclass(slots=True)
class Sales:
    """A number of purchases and their gross amounts, one a currency."""

    count: int = 0
    sums: dict[str, Money] = field(default_factory=dict)

    def add(self, count: int, amount: Money) -> None:
        self.count += count
        self.sums[amount.currency] = self.sums.get(amount.currency, Money(0, amount.currency)) + amount


@dataclass(frozen=True, slots=True)
class AttributionReport:
    """Purchases = attributed + unattributed; attributed = by click + by view. Not yet attributed is unattributed."""

    purchases: Sales = field(default_factory=Sales)
    attributed: Sales = field(default_factory=Sales)
    by_click: Sales = field(default_factory=Sales)
    by_view: Sales = field(default_factory=Sales)
    unattributed: Sales = field(default_factory=Sales)


_POLICY = text("SELECT EXISTS (SELECT FROM policy WHERE id = :policy)")


def attribution_report(
    session: Session, since: date, until: date, policy: str = "default"
) -> AttributionReport:
    """Purchases of the days from `since` to `until` (both included) and what the policy made of them.

    Raises:
        Invalid: `bad_period`, `since` is after `until`.
        NotFound: no such policy.
    """
    if since > until:
        raise Invalid("bad_period", "The first day is after the last.")
    if not session.scalar(_POLICY, {"policy": policy}):
        raise NotFound("not_found", "No such policy.")
    report = AttributionReport()
    for row in session.execute(
        sql("attribution", "report"), {"policy": policy, "since": since, "until": until}
    ):
        earned = [report.attributed, report.by_click if row.outcome == "click" else report.by_view]
        for sales in [
            report.purchases,
            *(earned if row.outcome in ("click", "view") else [report.unattributed]),
        ]:
            sales.add(row.purchases, Money(int(row.amount), row.currency))
    return report
