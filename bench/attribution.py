"""Attribution: who earned a purchase, found among a month of touches, by the service's own `attribute`, by each model.

The floor reads every touch and purchase once, finds nobody, and writes as many rows of the same kinds as the model did,
copied from what it wrote, to tables with the same indexes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, text

from attribution.attribute import attribute
from attribution.chosen import bound, buyers_sql, candidates_sql
from attribution.policies import versions
from attribution.tables import MODELS
from bench.attribution_data import lay_journeys
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from core import clock
from core.database import transaction

_POLICY = """
    INSERT INTO policy (id) VALUES (%(policy)s) ON CONFLICT DO NOTHING;
    INSERT INTO policy_version
        (policy, version, model, scope, click_window_hours, view_window_hours, effective_from, created_by)
    VALUES (%(policy)s, 1, %(model)s, 'product', 720, 168, '2000-01-01', 'bench') ON CONFLICT DO NOTHING"""
_COPIES = ("attribution", "share", "changed_purchase", "changed_day")
_READ = "SELECT count(*) FILTER (WHERE kind = 2), max(occurred_at), max(content) FROM touch"
# What `attribute` sends, by what it is for.
_PARTS = {
    "claim": "TABLE claimed ON",
    "choose": "TABLE chosen ON",
    "write outcomes": "INSERT INTO attribution ",
    "write shares": "INSERT INTO share ",
    "write queues": "INSERT INTO changed_day",
}
_ALL = "(SELECT id AS purchase_id, viewer, product, quantity, amount, occurred_at FROM purchase)"
_CANDIDATES = (
    "SET LOCAL work_mem = '128MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off"
)
_SPAN = "SELECT min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM purchase"


def measure(quick: bool) -> list[Row]:
    """Purchases a second: the calls of `attribute` until none is left, commits included; a row a model."""
    return _measure(200_000 if quick else 3_000_000)


def measure_full(quick: bool) -> list[Row]:
    """Against ten million touches."""
    return measure(quick) if quick else _measure(10_000_000)


def _measure(touches: int) -> list[Row]:
    purchases = touches // 50
    with fresh_database() as url:
        owner, engine = app_engine(url, role=None), app_engine(url)
        with raw(owner) as cursor:
            lay_journeys(cursor, touches, purchases, clock.now() - timedelta(hours=2))  # past the delay
        return [_by(model, owner, engine, url, touches, purchases) for model in MODELS]


def _by(model: str, owner: Engine, engine: Engine, url: str, touches: int, purchases: int) -> Row:
    """The policies before it have nothing left to do. The last touch's is the one that a new service has."""
    policy = "default" if model == "last_touch" else model
    say(f"attributing, {model}")
    watch = Watch()
    with raw(owner) as cursor:
        cursor.execute(_POLICY, {"policy": policy, "model": model})
        marks = _marks(cursor)
        cursor.connection.commit()
    with _timed(engine, watch), watch.lap("all"), transaction(engine) as session:
        if attribute(session, clock.now(), settings_of(url)) != purchases:
            raise RuntimeError("not all purchases were attributed")
    with raw(owner) as cursor:
        by, shares = _outcomes(cursor, policy, purchases)
        _floor(cursor, watch, policy, marks)
    _candidates(engine, watch, policy, purchases)
    spent, floor = watch.total("all"), watch.total("floor")
    return Row(f"attribution, {model}: {purchases:,} purchases against {touches:,} touches", rate(purchases, spent),
        rate(purchases, floor), floor / spent, ">= 100,000/s", [
            ("by click, by view, to nobody; shares", f"{by}; {shares:,}"),
            *((f"{part}, a purchase", f"{watch.total(part) / purchases * 1e6:.1f} µs") for part in _PARTS),
            ("candidates alone, a purchase", f"{watch.total('candidates') / purchases * 1e6:.1f} µs"),
            ("floor: reading, a purchase", f"{watch.total('read') / purchases * 1e6:.1f} µs"),
            ("floor: writing, a purchase", f"{(floor - watch.total('read')) / purchases * 1e6:.1f} µs"),
        ])  # fmt: skip


@contextmanager
def _timed(engine: Engine, watch: Watch) -> Iterator[None]:
    """Each statement's time, by what it is for."""

    def begin(_c: Any, _cursor: Any, _statement: str, _p: Any, context: Any, _many: bool) -> None:
        context.began = time.perf_counter()

    def end(_c: Any, _cursor: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        part = next((part for part, sign in _PARTS.items() if sign in statement), "rest")
        watch.laps.setdefault(part, []).append(time.perf_counter() - context.began)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    yield
    event.remove(engine, "before_cursor_execute", begin)
    event.remove(engine, "after_cursor_execute", end)


def _marks(cursor: Any) -> dict[str, int]:
    """Where the queues end."""
    cursor.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM changed_purchase), (SELECT coalesce(max(id), 0) FROM changed_day)"
    )
    return dict(zip(("changed_purchase", "changed_day"), cursor.fetchone(), strict=True))


def _outcomes(cursor: Any, policy: str, purchases: int) -> tuple[str, int]:
    """How many of each, and shares; a speed counts only if the work was done."""
    cursor.execute("SELECT outcome, count(*) FROM attribution WHERE policy = %s GROUP BY 1", (policy,))
    counts = dict(cursor.fetchall())
    if sum(counts.values()) != purchases or not counts.get("click"):
        raise RuntimeError(f"attributed: {counts}")
    cursor.execute("SELECT count(*) FROM share WHERE policy = %s", (policy,))
    return ", ".join(f"{counts.get(name, 0):,}" for name in ("click", "view", "none")), cursor.fetchone()[0]


def _floor(cursor: Any, watch: Watch, policy: str, marks: dict[str, int]) -> None:
    """To fresh copies; the queues' rows are those that the model added."""
    for table in _COPIES:
        cursor.execute(
            f"DROP TABLE IF EXISTS plain_{table}; CREATE TABLE plain_{table} (LIKE {table} INCLUDING INDEXES)"
        )
    cursor.connection.commit()
    with watch.lap("floor"):
        with watch.lap("read"):
            cursor.execute(_READ + "; SELECT count(*), max(occurred_at) FROM purchase")
        for table in _COPIES:
            wanted = f"id > {marks[table]}" if table in marks else "policy = %(policy)s"
            cursor.execute(
                f"INSERT INTO plain_{table} SELECT * FROM {table} WHERE {wanted}", {"policy": policy}
            )
        cursor.connection.commit()


def _candidates(engine: Engine, watch: Watch, name: str, purchases: int) -> None:
    """Only the finding of the touches that may have led to a purchase, as `attribute` finds them."""
    with transaction(engine) as session:
        policy = next(version for version in versions(session) if version.policy == name)
        span = session.execute(text(_SPAN)).one()._mapping
        session.execute(text(_CANDIDATES))
        found = f"SELECT count(*) FROM ({candidates_sql(policy, buyers_sql(_ALL), _ALL)}) found"
        with watch.lap("candidates"):
            session.execute(*bound(found, policy, mask=(1 << (8 * purchases).bit_length()) - 1, **span))
