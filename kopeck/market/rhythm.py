"""When people are there: a quiet night, an evening peak, more of everything at weekends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR = 3_600_000
DAY = 24 * HOUR
_HOURS = (22, 12, 8, 6, 6, 10, 22, 42, 56, 60, 62, 68, 80, 78, 68, 66, 70, 80, 96, 116, 130, 128, 98, 52)
_WEEKEND = 1.35


class Window(NamedTuple):
    """From `start` to before `end`, in milliseconds since 1970."""

    start: int
    end: int


def last_days(now: datetime, days: int) -> Window:
    """The whole days of 24 hours up to `now`."""
    end = int((now - timedelta(days=days)).timestamp()) * 1000 + days * DAY
    return Window(end - days * DAY, end)


def moments(window: Window, zone: ZoneInfo, rng: Random) -> Iterator[int]:
    """Moments of the window in the rhythm of the zone, without order and without end."""
    hours = range(window.start, window.end, HOUR)
    weights = list(accumulate(_weight(datetime.fromtimestamp(hour / 1000, zone)) for hour in hours))
    while True:
        for hour in rng.choices(hours, cum_weights=weights, k=1_000):
            yield hour + rng.randrange(HOUR)


def _weight(at: datetime) -> float:
    return _HOURS[at.hour] * (_WEEKEND if at.weekday() >= 5 else 1)
