"""Forecast: the day on which a line runs dry, if it goes on as in the last week. Pure: no session, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = 7
HORIZON = 366  # days looked ahead


@dataclass(slots=True)
class Ahead:
    """A line as the forecast begins; all in micros. `owed`: due to it by now and not allocated for want of money."""

    id: str
    per: str
    rollover: bool
    allocation: int
    holds: int
    owed: int
    daily: int


def a_day(spent: Mapping[date, int], began_on: date | None, today: date) -> int:
    """What a line spends a day: the mean of the seven days before today, or of as many as it has had; on its first day,
    what it has spent so far. Never below zero. `spent` holds those days; `began_on` None: before all of them."""
    if began_on is not None and began_on >= today:
        return max(0, spent.get(today, 0))
    days = WEEK if began_on is None else min(WEEK, (today - began_on).days)
    return max(0, sum(spent.get(today - timedelta(n), 0) for n in range(1, days + 1)) // days)


def lasts_until(holds: int, daily: int, today: date) -> date | None:
    """The day on which what a line holds now is spent; None: nothing is spent, or it is a hundred years off."""
    if daily <= 0:
        return None
    days = -(-max(holds, 0) // daily)
    return today + timedelta(days) if days < 36500 else None


def dry_days(lines: Sequence[Ahead], unallocated: int, today: date) -> dict[str, date | None]:
    """By line the first day whose spending it cannot pay whole, its coming allocations included; None: not in a year.

    The lines share the fund's unallocated money in their order, as `allocate` shares it; no deposit is expected.
    """
    dry: dict[str, date | None] = {
        line.id: today if line.daily > 0 and line.holds <= 0 else None for line in lines
    }
    for n in range(1, HORIZON + 1):
        day = today + timedelta(n)
        for line in lines:
            unallocated = _allocate(line, unallocated, day)
            if line.holds < line.daily and dry[line.id] is None:
                dry[line.id] = day
            line.holds = max(0, line.holds - line.daily)
        if all(dry[line.id] for line in lines if line.daily):
            break
    return dry


def _allocate(line: Ahead, unallocated: int, day: date) -> int:
    """The line gets what is due on a day, as far as the fund's money goes. Returns what is left of that."""
    if line.per == "day" or (line.per == "month" and day.day == 1):
        if not line.rollover:
            back = min(line.holds, max(0, line.allocation - line.owed))
            line.holds, unallocated, line.owed = line.holds - back, unallocated + back, 0
        line.owed += line.allocation
    given = min(line.owed, unallocated)
    line.holds, line.owed = line.holds + given, line.owed - given
    return unallocated - given
