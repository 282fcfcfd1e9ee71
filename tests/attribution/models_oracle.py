"""The five models in plain Python and integers, as the design words them. Knows nothing of SQL.

Touches and sales are events as the platform sends them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from attribution_oracle import UNIT, World, moment

from core.money import parse_micros, split

Event = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """A policy's version."""

    model: str
    scope: str
    click_hours: int
    view_hours: int


@dataclass
class Shop(World):
    """`sellers`: product to seller. `doubted`: ids of the touches that nobody cleared."""

    sellers: dict[str, str] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)


@dataclass
class Earned:
    """What a rule makes of a sale. `weights`: of the touches taken, by id; `parts`: content to amount, units, orders."""

    outcome: str = "none"
    touch: str | None = None
    weights: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    parts: dict[str, tuple[int, int, int]] = field(default_factory=dict)


def earned(shop: Shop, sale: Event, touches: list[Event], rule: Rule) -> Earned:
    """Who earns a sale, of all touches of its viewer's."""
    made, good = Earned(), []
    longest = timedelta(hours=max(rule.click_hours, rule.view_hours))
    for touch in sorted(touches, key=order):
        if (
            touch["viewer"] != sale.get("viewer")
            or not timedelta(0) <= moment(sale) - moment(touch) <= longest
        ):
            continue
        why = why_not(shop, sale, touch, rule)
        if why is None:
            good.append(touch)
        else:
            made.reasons[touch["id"]] = why
    taken, lost = (one if rule.model in ("last_touch", "first_touch") else several)(good, rule)
    made.reasons |= lost
    if taken:
        made.weights = weights_of(taken, sale, rule)
        _share(made, taken, sale)
    return made


def order(touch: Event) -> tuple[datetime, bool, bytes]:
    return moment(touch), touch["type"] == "click", touch["id"].encode()


def why_not(shop: Shop, sale: Event, touch: Event, rule: Rule) -> str | None:
    is_click, when = touch["type"] == "click", moment(touch)
    hours = rule.click_hours if is_click else rule.view_hours
    if when < moment(sale) - timedelta(hours=hours):
        return "outside_window"
    asked = {p for p in shop.sellers if in_scope(shop, p, sale["product"], rule.scope)}
    if is_click:
        asked &= {touch["product"]}
    if not any(shop.tags.get((touch["content"], p)) for p in asked):
        return "not_in_scope"
    if shop.creators[touch["content"]][1] == sale["viewer"]:
        return "own_content"
    if touch["id"] in shop.doubted:
        return "suspect"
    return None if any(shop.tagged(touch["content"], p, when) for p in asked) else "tag_not_standing"


def in_scope(shop: Shop, product: str, bought: str, scope: str) -> bool:
    if scope == "product":
        return product == bought
    return scope == "store" or shop.sellers[product] == shop.sellers[bought]


def one(good: list[Event], rule: Rule) -> tuple[list[Event], dict[str, str]]:
    """The touch that takes all: the first in order; the last, but a click before any view."""
    if not good:
        return [], {}
    if rule.model == "first_touch":
        winner = good[0]
    else:
        winner = max(good, key=lambda touch: (touch["type"] == "click", *order(touch)))
    return [winner], {touch["id"]: "beaten" for touch in good if touch is not winner}


def several(good: list[Event], rule: Rule) -> tuple[list[Event], dict[str, str]]:
    """Of one content one touch in a fixed half hour: a click before a view, then the latest."""
    best: dict[tuple[str, int], Event] = {}
    for touch in good:
        key = touch["content"], int(moment(touch).timestamp()) // 1800
        if key not in best or rank(touch) > rank(best[key]):
            best[key] = touch
    kept = {touch["id"] for touch in best.values()}
    return [t for t in good if t["id"] in kept], {
        t["id"]: "same_half_hour" for t in good if t["id"] not in kept
    }


def rank(touch: Event) -> tuple[bool, datetime, bytes]:
    when, is_click, name = order(touch)
    return is_click, when, name


def weights_of(taken: list[Event], sale: Event, rule: Rule) -> dict[str, int]:
    n = len(taken)
    if rule.model == "time_decay":
        return {t["id"]: decay((moment(sale) - moment(t)) // timedelta(hours=1)) for t in taken}
    if rule.model != "position_based" or n <= 2:
        return {t["id"]: 1 for t in taken}
    # 40 % for each end, 20 % for all between: as whole numbers 2(n - 2), 1, ..., 1, 2(n - 2) of 5(n - 2).
    ends = (taken[0]["id"], taken[-1]["id"])
    return {t["id"]: 2 * (n - 2) if t["id"] in ends else 1 for t in taken}


@cache
def decay(hours: int) -> int:
    """2^(-hours/168) in units of 10^-18, to the nearest, and then halved exactly each week: the widest age is 52 weeks.

    Found by integers alone: w is right when (2w - 1)^168 * 2^r <= (2 * 10^18)^168 < (2w + 1)^168 * 2^r.
    """
    weeks, rest = divmod(hours, 168)
    low, high, bound = 0, 10**18 + 1, (2 * 10**18) ** 168
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (2 * middle - 1) ** 168 << rest <= bound else (low, middle)
    return low << (52 - weeks)


def _share(made: Earned, taken: list[Event], sale: Event) -> None:
    by_content: dict[str, list[Event]] = {}
    for touch in taken:
        by_content.setdefault(touch["content"], []).append(touch)
    contents = sorted(by_content, key=str.encode)
    weights = [sum(made.weights[t["id"]] for t in by_content[c]) for c in contents]
    columns = [
        split(total, weights) for total in (parse_micros(sale["amount"]), sale["quantity"] * UNIT, UNIT)
    ]
    made.parts = dict(zip(contents, zip(*columns, strict=True), strict=True))
    first = contents[weights.index(max(weights))]
    weightiest = max(by_content[first], key=lambda t: (made.weights[t["id"]], moment(t), t["id"].encode()))
    made.touch = weightiest["id"]
    made.outcome = "click" if any(t["type"] == "click" for t in taken) else "view"


def left_after(
    parts: dict[str, tuple[int, int, int]], refunds: list[tuple[int, int]]
) -> list[dict[str, tuple[int, int]]]:
    """What each refund (worth, units in micros) takes of each content's amount and units, one after the other."""
    contents = sorted(parts, key=str.encode)
    amounts, units = [parts[c][0] for c in contents], [parts[c][1] for c in contents]
    taken = []
    for worth, back in refunds:
        of_amounts, of_units = split(worth, amounts), split(back, units)
        amounts = [a - b for a, b in zip(amounts, of_amounts, strict=True)]
        units = [a - b for a, b in zip(units, of_units, strict=True)]
        assert min([*amounts, *units], default=0) >= 0
        taken.append(dict(zip(contents, zip(of_amounts, of_units, strict=True), strict=True)))
    return taken
