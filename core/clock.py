"""The one place that reads the wall clock; everything below the edge receives `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
