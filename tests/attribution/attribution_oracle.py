"""Attribution in plain Python: what tallies, shares and purchases must be, whatever the order of arrival.

Knows nothing of SQL. Takes events as the platform sends them, distinct and valid.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.money import minor_micros, parse_micros, round_half_up, split

CLICK_WINDOW, VIEW_WINDOW = timedelta(hours=720), timedelta(hours=24)
UNIT = 1_000_000
Key = tuple[str, str]


@dataclass
class Sale:
    amount: int
    quantity: int
    currency: str
    refunded: int = 0
    returned: int = 0


@dataclass
class World:
    """`tags`: (content, product) to intervals [from, until). `creators`: content to (creator, its own viewer)."""

    tags: dict[Key, list[tuple[datetime, datetime | None]]]
    creators: dict[str, tuple[str, str]]
    events: list[dict[str, Any]] = field(default_factory=list)

    def tagged(self, content: str, product: str, when: datetime) -> bool:
        spans = self.tags.get((content, product), [])
        return any(since <= when and (until is None or when < until) for since, until in spans)


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def tallies(
    world: World, zone: Any, minimum: int, today: Any
) -> tuple[dict[Any, tuple[int, ...]], Counter[Any]]:
    """(content, day) -> (views, qualified views, watch_ms, completes), and (content, product, day) -> clicks."""
    views: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    buckets: dict[Any, set[Any]] = defaultdict(set)
    clicks: Counter[Any] = Counter()
    for event in world.events:
        when = moment(event)
        day = when.astimezone(zone).date()
        if event["type"] == "view":
            counted = views[event["content"], day]
            counted[0] += 1
            counted[1] += event["watch_ms"]
            counted[2] += bool(event["completed"])
            if event["watch_ms"] >= minimum:
                buckets[event["content"], day].add((event["viewer"], int(when.timestamp()) // 1800))
        elif event["type"] == "click" and world.tagged(event["content"], event["product"], when):
            clicks[event["content"], event["product"], day] += 1
    return {
        key: (count, len(buckets[key]) if key[1] < today else 0, watched, completes)
        for key, (count, watched, completes) in views.items()
    }, clicks


def earner(world: World, sale: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """(outcome, touch id, content) of a purchase."""
    best: tuple[Any, ...] | None = None
    at = moment(sale)
    for touch in world.events:
        if touch["type"] not in ("view", "click") or touch["viewer"] != sale.get("viewer"):
            continue
        when, is_click = moment(touch), touch["type"] == "click"
        window = CLICK_WINDOW if is_click else VIEW_WINDOW
        if not at - window <= when <= at or (is_click and touch["product"] != sale["product"]):
            continue
        if not world.tagged(touch["content"], sale["product"], when):
            continue
        if world.creators[touch["content"]][1] == sale.get("viewer"):
            continue
        rank = (is_click, when, touch["id"].encode())
        if best is None or rank > best[0]:
            best = (rank, touch)
    if best is None:
        return "none", None, None
    return ("click" if best[0][0] else "view"), best[1]["id"], best[1]["content"]


def refund_worth(sale: Sale, refund: dict[str, Any]) -> int | None:
    """Apply a refund to a sale; its worth in micros, None when more than is left."""
    back = refund.get("quantity") or 0
    if "amount" in refund:
        worth = parse_micros(refund["amount"])
    else:
        unit = minor_micros(sale.currency)
        due = round_half_up(sale.amount * (sale.returned + back), sale.quantity * unit) * unit
        worth = max(0, due - sale.refunded)
    if sale.returned + back > sale.quantity or sale.refunded + worth > sale.amount:
        return None
    sale.returned += back
    sale.refunded += worth
    return worth


def take_back(left: list[int], amount: int) -> list[int]:
    """What a refund takes of each part: the split of `core.money` (largest remainder, ties to the earlier)."""
    return split(amount, left)
