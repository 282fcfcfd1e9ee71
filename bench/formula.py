"""A formula of 20 nodes over a million rows, against the same expression as a person would write it in SQL.

Both are read by one scan of one table and summed, so that nothing but the expression differs; their sums must agree. The
columns are those of the figures that rules are priced by: whole numbers as numeric, money in units, NULL where a content
had none. By hand NULLs are read as 0 and a division by 0 gives 0, too, as the language has it.
"""

from typing import Any

from sqlalchemy import Numeric, Text, column, func, select, table
from sqlalchemy.dialects import postgresql

from bench.ground import app_engine, fresh_database, raw, say
from bench.row import Row, Watch, millis, rate
from formula import compile_formula
from formula.compile import Formula

LAPS = 10
FORMULA = "0.002 * views + if(kind = 'video', 0.05 * completes, 0.4) + floor(3% * net_sales) * conversion"
BY_HAND = """
    0.002 * coalesce(views, 0) + CASE WHEN kind = 'video' THEN 0.05 * coalesce(completes, 0) ELSE 0.4 END
    + floor(0.03 * coalesce(net_sales, 0))
        * coalesce(div(coalesce(orders, 0) * 1000000000000, nullif(clicks, 0)), 0) * 0.000000000001"""
_FIGURES = """
    CREATE TABLE figure AS SELECT
        floor(random() * 5000)::numeric AS views, floor(random() * 60)::numeric AS completes,
        CASE WHEN random() < 0.7 THEN floor(random() * 200)::numeric END AS clicks,
        CASE WHEN random() < 0.2 THEN floor(random() * 3000000)::numeric * 0.000001 END AS orders,
        CASE WHEN random() < 0.2 THEN floor(random() * 900000)::bigint * 10000 * 0.000001 END AS net_sales,
        (ARRAY['video', 'image', 'text'])[1 + floor(random() * 3)::integer] AS kind
    FROM generate_series(1, %(rows)s);
    ANALYZE figure"""


def measure(quick: bool) -> list[Row]:
    """Rows a second, of the formula's SQL and of the hand-written; laps take turns, the fastest counts."""
    rows = 50_000 if quick else 1_000_000
    made = compile_formula(FORMULA, "content_day")
    statements = {"ours": _ours(made), "by hand": f"SELECT sum({BY_HAND}) FROM figure"}
    watch, sums = Watch(), set()
    with fresh_database() as url, raw(app_engine(url, role=None)) as cursor:
        cursor.execute(_FIGURES, {"rows": rows})
        cursor.execute("SET jit = off; SET max_parallel_workers_per_gather = 0")
        say("evaluating")
        for name, statement in [*statements.items(), ("scan", "SELECT sum(views) FROM figure")] * (LAPS + 1):
            with watch.lap(name):
                cursor.execute(statement)
            sums |= {cursor.fetchone()[0]} if name != "scan" else set()
    if len(sums) != 1:
        raise RuntimeError(f"the two expressions differ: {sums}")
    ours, by_hand, scan = (min(watch.laps[name]) for name in ("ours", "by hand", "scan"))
    return [
        Row(f"formula: {made.tree.size} nodes over {rows:,} rows", rate(rows, ours), rate(rows, by_hand),
            by_hand / ours, ">= 0.9 x", [
                ("without the scan", f"{(by_hand - scan) / (ours - scan):.2f} x"),
                ("the scan alone", millis(scan)),
            ])
    ]  # fmt: skip


def _ours(made: Formula) -> str:
    """The formula as the pricing statements hold it, over the table's columns."""
    kinds: dict[str, Any] = {name: Numeric() for name in made.names} | {"kind": Text()}
    figure = table("figure", *(column(name, kind) for name, kind in kinds.items()))
    value = made.sql({name: figure.c[name] for name in made.names})
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(select(func.sum(value)).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
