"""A day's partition of `touch` is there before the day's first touch is."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction

_known: dict[str, set[date]] = {}
# The makers' lock, the one that touch_partition takes: held before its statement begins, so that what another maker
# made meanwhile is seen by it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('touch_partition'))")
_MAKE = text("SELECT touch_partition(day) FROM unnest(CAST(:days AS date[])) AS day ORDER BY day")


def ensure_partitions(engine: Engine, days: Iterable[date]) -> None:
    """Make the partitions that are missing, in a short transaction of their own: attaching one must not wait for a
    batch, nor a batch for it. Days that this process has seen are not asked for again.
    """
    known = _known.setdefault(engine.url.render_as_string(hide_password=True), set())
    missing = sorted(set(days) - known)
    if missing:
        with transaction(engine) as session:
            make_partitions(session, missing)
        known.update(missing)


def make_partitions(session: Session, days: Sequence[date]) -> None:
    """Make those that are missing, in the caller's transaction; other makers wait for its end."""
    session.execute(_LOCK)
    session.execute(_MAKE, {"days": list(days)})


def forget_partitions(engine: Engine) -> None:
    """Ask again for every day: after partitions were taken away."""
    _known.pop(engine.url.render_as_string(hide_password=True), None)
