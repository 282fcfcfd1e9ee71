"""Views and clicks: people come, watch a few contents of the feed in a row, and open some of the tagged products."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from math import exp
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kopeck.market.rhythm import DAY, HOUR, Window, moments
from kopeck.market.scale import Scale
from kopeck.market.world import Content, Product, World, viewer_id

_SLOT = 3 * HOUR  # the feed is arranged anew this often
_FRESH = 4 * DAY  # the pull of novelty falls to 1/e in this time
_OLD = 0.12  # what remains of it
_CLICKS = 0.145  # of the views of a content of middling appeal
_FAVOURITE = 1.7  # above 1: some people come more often than others

Row = tuple[int, str]


class Click(NamedTuple):
    """A product that a viewer opened: what may become a purchase."""

    at: int
    viewer: str
    product: Product


class Feed:
    """Which contents are shown at a moment: published ones, the well known and the fresh more often."""

    def __init__(self, contents: list[Content], start: int) -> None:
        self._contents, self._start = contents, start
        self._published = [content.published for content in contents]
        self._weights = cache(self._arrange)

    def _arrange(self, slot: int) -> list[float]:
        at = self._start + slot * _SLOT
        live = self._contents[: bisect_right(self._published, at)]
        return list(accumulate(c.pull * (_OLD + exp((c.published - at) / _FRESH)) for c in live))

    def show(self, at: int, count: int, rng: Random) -> Iterator[Content]:
        """Up to `count` different contents."""
        weights = self._weights((at - self._start) // _SLOT)
        chosen = rng.choices(range(len(weights)), cum_weights=weights, k=count) if weights else []
        return map(self._contents.__getitem__, dict.fromkeys(chosen))


def touches(
    world: World, rng: Random, window: Window, scale: Scale, zone: ZoneInfo, enough: int
) -> tuple[list[Row], list[Click]]:
    """About `enough` views and clicks as rows (moment, JSON fields without the id), and the clicks by themselves."""
    feed = Feed(world.contents, window.start)
    rows: list[Row] = []
    clicks: list[Click] = []
    if not world.contents or world.contents[0].published > window.end - _SLOT:
        return rows, clicks
    for at in moments(window, zone, rng):
        viewer = viewer_id(int(scale.viewers * rng.random() ** _FAVOURITE))
        _visit(feed, viewer, at, window.end, rng, rows, clicks)
        if len(rows) >= enough:
            break
    return rows, clicks


def _visit(
    feed: Feed, viewer: str, at: int, end: int, rng: Random, rows: list[Row], clicks: list[Click]
) -> None:
    for content in feed.show(at, min(1 + int(rng.expovariate(0.2)), 40), rng):
        watched, view = _view(content, viewer, rng)
        if at + watched >= end:
            return
        rows.append((at, view))
        if rng.random() < _CLICKS * content.appeal:
            at = _click(content, viewer, at, watched, rng, rows, clicks)
        at += watched + rng.randrange(400, 4_000)


def _view(content: Content, viewer: str, rng: Random) -> tuple[int, str]:
    """How long it was watched, and the view. A video was completed when (nearly) all of it was seen."""
    share = min(rng.random() ** 1.4 * 1.35, 1.0)
    watched = 300 + int(content.length * share)
    view = f'"type":"view","viewer":"{viewer}","content":"{content.id}","watch_ms":{watched}'
    if content.kind == "video":
        view += ',"completed":true' if share > 0.95 else ',"completed":false'
    return watched, view


def _click(
    content: Content, viewer: str, at: int, watched: int, rng: Random, rows: list[Row], clicks: list[Click]
) -> int:
    """The first tag is opened most. Returns when the viewer is back from the product's page, the view not counted."""
    product = content.products[int(len(content.products) * rng.random() ** 1.5)]
    clicked = at + rng.randrange(200, watched)
    rows.append(
        (clicked, f'"type":"click","viewer":"{viewer}","content":"{content.id}","product":"{product.id}"')
    )
    clicks.append(Click(clicked, viewer, product))
    return at + rng.randrange(5_000, 90_000)
