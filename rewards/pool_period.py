"""The periods of a pool: days or whole calendar months, by the version in force on the period's first day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.settings import Settings
from rewards.rules import Rule

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @property
    def next(self) -> date:
        """The first day after it."""
        return self.last + _DAY

    @property
    def month(self) -> bool:
        """A month, not a day?"""
        return self.first != self.last

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}" if self.month else self.first.isoformat()


def periods(rule: Rule, since: date, until: date) -> Iterator[Period]:
    """The periods of a rule's pool that begin on a day of its version and have days between the two, both included."""
    assert rule.pool is not None
    month = rule.pool.per == "month"
    each = _month(since) if month else Period(since, since)
    while each.first <= until and not (rule.until and each.first >= rule.until):
        if each.first >= rule.since:
            yield each
        each = _month(each.next) if month else Period(each.next, each.next)


def _month(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + 31 * _DAY).replace(day=1) - _DAY)


def ends_at(period: Period, settings: Settings) -> datetime:
    """The end of its last day."""
    return datetime.combine(period.next, time(), settings.zone)


def final_at(period: Period, settings: Settings) -> datetime:
    """No event of the period is accepted any more, and every sale of it is ready to be attributed."""
    late = timedelta(days=settings.late_days, seconds=settings.attribution_delay)
    return (ends_at(period, settings).astimezone(UTC) + late).astimezone(settings.zone)
