"""What the REES46 example must come to, worked out from its lines alone: plain loops and Decimal, nothing of Kopeck's.

Last touch: the latest click of the viewer on the product in the 30 days before the purchase; without one, the latest
view of a content that tags the product in the day before it. Both windows are closed, and a tag stands from its
content's publication. Commission is 5 % of a sale; reach is 0.002 a view and 0.01 a click, by content and day (UTC).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

CLICK_WINDOW = timedelta(days=30)
VIEW_WINDOW = timedelta(days=1)
COMMISSION = Decimal("0.05")
A_VIEW, A_CLICK = Decimal("0.002"), Decimal("0.01")

Touch = tuple[datetime, bytes, str]  # when, the event's id, the content


@dataclass
class Outcome:
    """Counts and sums by what attributed a purchase, and rewards by creator."""

    count: Counter[str] = field(default_factory=Counter)
    amount: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    commission: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reach: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


class Catalog:
    """Whose a content is, what it tags, and since when."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        contents = [row for row in rows if row["type"] == "content"]
        self.creator = {row["id"]: row["creator"] for row in contents}
        self._since = {row["id"]: moment(row["published_at"]) for row in contents}
        self._tags = {row["id"]: frozenset(row["products"]) for row in contents}

    def tagged(self, content: str, product: str, at: datetime) -> bool:
        return product in self._tags[content] and self._since[content] <= at


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def work_out(catalog_lines: Iterable[str], event_lines: Iterable[str]) -> Outcome:
    catalog = Catalog(json.loads(line) for line in catalog_lines)
    events = [json.loads(line) for line in event_lines]
    outcome = Outcome()
    _attribute(catalog, events, outcome)
    _reach(catalog, events, outcome)
    return outcome


def _attribute(catalog: Catalog, events: list[dict[str, Any]], outcome: Outcome) -> None:
    clicks: dict[tuple[str, str], list[Touch]] = {}
    views: dict[str, list[Touch]] = {}
    for event in events:
        touch = (moment(event["occurred_at"]), event["id"].encode(), event.get("content", ""))
        if event["type"] == "click":
            clicks.setdefault((event["viewer"], event["product"]), []).append(touch)
        elif event["type"] == "view":
            views.setdefault(event["viewer"], []).append(touch)
    for event in events:
        if event["type"] != "purchase":
            continue
        at, viewer, product = moment(event["occurred_at"]), event["viewer"], event["product"]
        amount = Decimal(event["amount"])
        by_click = _last(catalog, clicks.get((viewer, product), []), product, at, CLICK_WINDOW)
        by_view = _last(catalog, views.get(viewer, []), product, at, VIEW_WINDOW)
        winner = by_click or by_view
        how = "click" if by_click else "view" if by_view else "none"
        outcome.count[how] += 1
        outcome.amount[how] += amount
        if winner:
            outcome.commission[catalog.creator[winner[2]]] += amount * COMMISSION


def _last(
    catalog: Catalog, touches: list[Touch], product: str, at: datetime, window: timedelta
) -> Touch | None:
    """The latest touch in the window whose content tags the product; at the same moment the higher id."""
    return max(
        (
            touch
            for touch in touches
            if at - window <= touch[0] <= at and catalog.tagged(touch[2], product, touch[0])
        ),
        default=None,
    )


def _reach(catalog: Catalog, events: list[dict[str, Any]], outcome: Outcome) -> None:
    """By content and day, as the rule's grain has it; only clicks on tagged products count."""
    days: dict[tuple[str, date], list[int]] = {}
    for event in events:
        at = moment(event["occurred_at"])
        if event["type"] == "view":
            days.setdefault((event["content"], at.date()), [0, 0])[0] += 1
        elif event["type"] == "click" and catalog.tagged(event["content"], event["product"], at):
            days.setdefault((event["content"], at.date()), [0, 0])[1] += 1
    for (content, _), (views, clicks) in days.items():
        outcome.reach[catalog.creator[content]] += views * A_VIEW + clicks * A_CLICK
