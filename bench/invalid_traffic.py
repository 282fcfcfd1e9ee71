"""The traffic rules: what it costs a touch to be looked at, with every rule on that looks at new batches.

The touches of two days are half there already, since a group is counted over all batches. The floor reads the new
touches once and counts them by viewer and hour, which finds only what a single claim holds.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from attribution.traffic import check_batches
from bench.attribution_data import lay_catalog, settle
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from core import clock
from core.database import transaction

BATCH, HOURS = 5_000, 36
ON = {
    "traffic_own_viewer": 1,
    "traffic_click_seconds": 2,
    "traffic_views_per_hour": 100,
    "traffic_clicks_per_hour": 60,
    "traffic_pair_per_day": 500,
}
# A hundredth of everything is done by ten machines, the first of them more than half of that: above the thresholds.
_TOUCHES = """
    INSERT INTO touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
    SELECT md5('touch' || n), %(end)s - random() * interval '1 hour' * %(hours)s,
        CASE WHEN n %% 5 = 0 THEN 2 ELSE 1 END, md5('viewer' || viewer)::uuid, 'content-' || content,
        CASE WHEN n %% 5 = 0 THEN 'product-' || (content * 7 + 1 + n %% %(tags)s) %% %(products)s END,
        CASE WHEN n %% 5 <> 0 THEN 20000 END, CASE WHEN n %% 5 <> 0 THEN false END, 1 + (n - 1) / %(batch)s
    FROM (
        SELECT n, floor(random() * %(contents)s)::integer AS content,
            CASE WHEN random() < 0.01 THEN floor(power(random(), 4) * 10)::integer
                ELSE floor(random() * %(viewers)s)::integer END AS viewer
        FROM generate_series(1, %(touches)s * 2) n
    ) drawn ORDER BY n;
    INSERT INTO event_batch (source, first_at, last_at, checked_at)
    SELECT 'bench', %(end)s - interval '1 hour' * %(hours)s, %(end)s,
        CASE WHEN n * %(batch)s <= %(touches)s THEN %(end)s END
    FROM generate_series(1, %(touches)s * 2 / %(batch)s) n ORDER BY n;
    INSERT INTO purchase (event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at, day, batch_id)
    SELECT event_id, event_id, product, viewer, 1, 100000000, 'RUB', at, at::date, batch_id FROM (
        SELECT *, occurred_at + random() * interval '1 minute' AS at FROM touch WHERE kind = 2 ORDER BY event_id
        LIMIT %(touches)s / 25
    ) bought"""
_FLOOR = """
    SELECT count(*) FROM (
        SELECT viewer, date_trunc('hour', occurred_at), kind, count(*) FROM touch WHERE batch_id > %(known)s
        GROUP BY 1, 2, 3
    ) counted"""


def measure(quick: bool) -> list[Row]:
    """Touches a second through `check_batches`, commits included."""
    touches = 50_000 if quick else 500_000
    end = clock.now() - timedelta(hours=1)
    watch, suspects = Watch(), 0
    with fresh_database() as url:
        owner, engine, settings = app_engine(url, role=None), app_engine(url), replace(settings_of(url), **ON)
        with raw(owner) as cursor:
            _prepare(cursor, touches, end)
        say("checking")
        left = touches // BATCH
        while left:
            with watch.lap("check"), transaction(engine) as session:
                done = check_batches(session, clock.now(), settings)
            left -= done["batches"]
            suspects += done["suspects"]
        with raw(owner) as cursor, watch.lap("floor"):
            cursor.execute(_FLOOR, {"known": touches // BATCH})
    spent, floor = watch.total("check"), watch.total("floor")
    if not suspects:
        raise RuntimeError("the machines among the viewers were not found")
    return [
        Row(f"traffic rules: {touches:,} touches of {HOURS} hours, as many before", rate(touches, spent),
            rate(touches, floor), floor / spent, ">= 500,000/s", [
                ("a touch", f"{spent / touches * 1e6:.1f} µs"),
                ("found", f"{suspects:,}"),
            ])
    ]  # fmt: skip


def _prepare(cursor: Any, touches: int, end: Any) -> None:
    say(f"making {touches * 2:,} touches")
    sizes = lay_catalog(cursor, end - timedelta(hours=HOURS), end)
    values = sizes | {"touches": touches, "viewers": 100_000, "batch": BATCH, "hours": HOURS, "end": end}
    cursor.execute(_TOUCHES, values)
    settle(cursor)
