"""Counting touches: what a million costs when the tables hold one million, and when they hold several times as many.

The service's own `tally`, a transaction for at most 200 batches of 5,000. The floor reads the same rows once and counts
them by content and day, and writes nothing.
"""

from datetime import timedelta

from sqlalchemy import text

from attribution.recount import verify_tallies
from attribution.tally import summarize, tally
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from bench.touches import BATCH, add_touches, make_catalog
from core import clock
from core.database import transaction

DAYS = 2
_FLOOR = text(
    "SELECT content, CAST(occurred_at AS date) AS day, count(*), sum(watch_ms), count(*) FILTER (WHERE completed)"
    " FROM touch WHERE batch_id BETWEEN :first AND :last GROUP BY content, day"
)
_WAITING = text("SELECT min(id), max(id) FROM event_batch WHERE tallied_at IS NULL")


def measure(quick: bool) -> list[Row]:
    """A million among one million, then among five."""
    return _measure(100_000, (1, 2)) if quick else _measure(1_000_000, (1, 5))


def measure_full(quick: bool) -> list[Row]:
    """Until there are fifty million; filling takes half an hour."""
    return measure(quick) if quick else _measure(1_000_000, (1, 5, 10, 50))


def _measure(portion: int, sizes: tuple[int, ...]) -> list[Row]:
    rows: list[Row] = []
    day = (clock.now() - timedelta(days=DAYS + 1)).date()
    with fresh_database() as url:
        owner, engine, settings = app_engine(url, role=None), app_engine(url), settings_of(url)
        first, held, watch = 0.0, 0, Watch()
        with raw(owner) as cursor:
            make_catalog(cursor, day, DAYS)
            for size in sizes:
                while held < size:
                    say(f"filling, {held + 1} million" if portion == 1_000_000 else f"filling {held + 1}")
                    add_touches(cursor, portion, portion // 10, day, DAYS)
                    held, watch = held + 1, Watch()
                    _floor(engine, watch)
                    _tally(engine, watch, portion)
                spent = watch.total("tally")
                first = first or spent
                rows.append(_row(portion, held, watch, first / spent))
        if len(sizes) < 3:
            with transaction(engine) as session:
                if wrong := verify_tallies(session, settings):
                    raise RuntimeError(f"{len(wrong)} tallies are wrong: {wrong[0]}")
    return rows


def _floor(engine, watch: Watch) -> None:
    with transaction(engine) as session:
        first, last = session.execute(_WAITING).one()
        session.execute(text("SET LOCAL work_mem = '128MB'"))
        with watch.lap("floor"):
            session.execute(_FLOOR, {"first": first, "last": last}).all()


def _tally(engine, watch: Watch, portion: int) -> None:
    """Until none waits; the commits are in it."""
    done = 0
    while done < portion:
        with watch.lap("tally"), transaction(engine) as session:
            batches = tally(session)
        with transaction(engine) as session:
            summarize(session)
        done += batches * BATCH
        if not batches:
            raise RuntimeError(f"{done} of {portion} were tallied")


def _row(portion: int, held: int, watch: Watch, flat: float) -> Row:
    spent, floor = watch.total("tally"), watch.total("floor")
    return Row(
        f"tally: {portion:,} touches of {portion * held:,}",
        rate(portion, spent),
        rate(portion, floor),
        floor / spent,
        ">= 500,000/s",
        [
            ("an event", f"{spent / portion * 1e6:.2f} us"),
            ("of the speed at the first size", f"{flat:.2f} x"),
        ],
    )
