"""Qualified views of a day that ended, by the service's own `qualify`: distinct viewer, content and half hour.

The floor reads the day once and counts its views by content, which leaves out the distinct.
"""

from datetime import timedelta

from sqlalchemy import Engine, text

from attribution.tally import qualify
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from bench.touches import add_touches, make_catalog
from core import clock
from core.database import transaction

_TALLIES = text(
    "INSERT INTO tally_content_day (content, day, views)"
    " SELECT content, CAST(occurred_at AS date) AS day, count(*) FROM touch GROUP BY content, day"
)
_COUNT = "SELECT content, count(*) FROM touch WHERE kind = 1 AND watch_ms >= :minimum GROUP BY content"
_PROOF = text(
    "SELECT (SELECT sum(qualified_views) FROM tally_content_day) = (SELECT count(*) FROM (SELECT DISTINCT content, viewer,"
    " floor(extract(epoch FROM occurred_at) / 1800) FROM touch WHERE kind = 1 AND watch_ms >= :minimum) seen)"
)


def measure(quick: bool) -> list[Row]:
    """A day of a million views."""
    return _measure(100_000 if quick else 1_000_000)


def measure_full(quick: bool) -> list[Row]:
    """A day of ten million views."""
    return _measure(100_000 if quick else 10_000_000)


def _measure(views: int) -> list[Row]:
    watch, day = Watch(), (clock.now() - timedelta(days=2)).date()
    with fresh_database() as url:
        owner, engine, settings = app_engine(url, role=None), app_engine(url), settings_of(url)
        with raw(owner) as cursor:
            make_catalog(cursor, day, 1)
            say(f"making {views:,} views")
            add_touches(cursor, views, views // 10, day, 1, clicks=0)
        with transaction(owner) as session:
            session.execute(_TALLIES)
        _floor(engine, settings.minimum_watch_ms, watch)
        with watch.lap("qualify"), transaction(engine) as session:
            tallies = qualify(session, clock.now(), settings)
        with transaction(engine) as session:
            if not session.scalar(_PROOF, {"minimum": settings.minimum_watch_ms}):
                raise RuntimeError("the qualified views are not what they should be")
    spent, floor = watch.total("qualify"), watch.total("floor")
    return [
        Row(f"qualify: a day of {views:,} views", f"{spent:,.1f} s", f"{floor:,.1f} s", floor / spent, "60 s for 10 million", [
            ("views a second", rate(views, spent)),
            ("tallies", f"{tallies:,}"),
        ])
    ]  # fmt: skip


def _floor(engine: Engine, minimum: int, watch: Watch) -> None:
    with watch.lap("floor"), transaction(engine) as session:
        session.execute(text(_COUNT), {"minimum": minimum}).all()
