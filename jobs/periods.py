"""When a job is due. A period is the text that a run stands for, so that it is done once.

Pure: the moment and the time zone come in. An interval's period is the interval's start in UTC; a day's is the
service's date. A daily job whose moment passed while nothing ran is due when something runs again.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAILY = re.compile(r"daily(?: ([01]\d|2[0-3]):([0-5]\d))?", re.ASCII)
_DAY = timedelta(days=1)


def check_every(every: timedelta | str) -> None:
    """Raises:
    ValueError: neither a positive interval below a day, nor "daily", nor "daily HH:MM".
    """
    if isinstance(every, timedelta) and not timedelta() < every < _DAY:
        raise ValueError(f"{every} is not an interval between nothing and a day")
    if isinstance(every, str) and not _DAILY.fullmatch(every):
        raise ValueError(f'{every!r} is neither "daily" nor "daily HH:MM"')


def due_period(every: timedelta | str, now: datetime, zone: ZoneInfo) -> str:
    """The period that is due at `now`: the latest that has begun."""
    if isinstance(every, timedelta):
        return _start(every, now).isoformat()
    return _due_day(every, now, zone).isoformat()


def next_due(every: timedelta | str, now: datetime, zone: ZoneInfo) -> datetime:
    """When the period after that begins."""
    if isinstance(every, timedelta):
        return _start(every, now) + every
    return datetime.combine(_due_day(every, now, zone) + _DAY, _time_of(every), zone).astimezone(UTC)


def spell(every: timedelta | str) -> str:
    """For people: every 10 s, every 5 min, every 2 h, daily 03:30."""
    if isinstance(every, str):
        return every
    seconds = every.total_seconds()
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"every {seconds / unit:g} {name}"
    return f"every {seconds:g} s"


def _start(every: timedelta, now: datetime) -> datetime:
    return _EPOCH + (now - _EPOCH) // every * every


def _due_day(every: str, now: datetime, zone: ZoneInfo) -> date:
    local = now.astimezone(zone)
    return local.date() if local.time() >= _time_of(every) else local.date() - _DAY


def _time_of(every: str) -> time:
    hour, minute = every[6:8], every[9:11]
    return time(int(hour or 0), int(minute or 0))
