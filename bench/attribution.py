"""Attribution: who earned a purchase, found among a month of touches, by the service's own `attribute`.

The floor reads every touch and purchase once, finds nobody, and writes as many rows of the same kinds as attribution
did, copied from what it wrote, to tables with the same indexes.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from attribution.attribute import attribute
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from core import clock
from core.database import transaction

DAYS = 30
CONTENTS, PRODUCTS, TAGS = 20_000, 5_000, 3

_CATALOG = """
    INSERT INTO creator (id, name) SELECT 'creator-' || n, 'Creator' FROM generate_series(0, 999) n;
    INSERT INTO seller (id, name) VALUES ('seller', 'Seller');
    INSERT INTO product (id, seller, title, category, price, currency)
        SELECT 'product-' || n, 'seller', 'Product', 'misc', 100000000, 'RUB'
        FROM generate_series(0, %(products)s - 1) n;
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'content-' || n, 'creator-' || n %% 1000, 'video', %(start)s
        FROM generate_series(0, %(contents)s - 1) n;
    INSERT INTO product_tag (content, product, tagged_from)
        SELECT 'content-' || n, 'product-' || (n * 7 + tag) %% %(products)s, %(start)s
        FROM generate_series(0, %(contents)s - 1) n, generate_series(1, %(tags)s) tag;
    SELECT touch_partition(day::date) FROM generate_series(%(start)s::date, %(end)s::date, interval '1 day') day;
    SELECT setseed(0.7)"""
# A tenth of the touches are clicks, each on a product that the content tags.
_TOUCHES = """
    INSERT INTO touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
    SELECT md5('touch' || n), at, kind, md5('viewer' || viewer)::uuid, 'content-' || content,
        CASE kind WHEN 2 THEN 'product-' || (content * 7 + 1 + n %% %(tags)s) %% %(products)s END,
        CASE kind WHEN 1 THEN 20000 END, CASE kind WHEN 1 THEN false END, 1
    FROM (
        SELECT n, CASE WHEN n %% 10 = 0 THEN 2 ELSE 1 END AS kind, floor(random() * %(viewers)s)::integer AS viewer,
            floor(random() * %(contents)s)::integer AS content,
            %(start)s + random() * (%(end)s - %(start)s) AS at
        FROM generate_series(1, %(touches)s) n
    ) drawn"""
# Two purchases of three follow a click within some days, the rest come from nowhere.
_PURCHASES = """
    INSERT INTO purchase (event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at, day, batch_id)
    SELECT 'purchase-' || n, 'order-' || n, product, viewer, 1, 100000000, 'RUB', at, at::date, 1
    FROM (
        SELECT row_number() OVER (ORDER BY event_id) AS n, viewer, product,
            least(occurred_at + random() * interval '5 days', %(end)s) AS at
        FROM (SELECT * FROM touch WHERE kind = 2 ORDER BY event_id LIMIT %(purchases)s * 2 / 3) clicked
        UNION ALL
        SELECT n, md5('viewer' || n * 5)::uuid, 'product-' || n %% %(products)s,
            %(start)s + random() * (%(end)s - %(start)s)
        FROM generate_series(%(purchases)s * 2 / 3 + 1, %(purchases)s) n
    ) bought"""
_PLAIN = """
    CREATE TABLE plain_attribution (LIKE attribution INCLUDING INDEXES);
    CREATE TABLE plain_share (LIKE share INCLUDING INDEXES)"""
_FLOOR = """
    SELECT count(*) FILTER (WHERE kind = 2), max(occurred_at), max(content) FROM touch;
    SELECT count(*), max(occurred_at) FROM purchase;
    INSERT INTO plain_attribution SELECT * FROM attribution;
    INSERT INTO plain_share SELECT * FROM share"""


def measure(quick: bool) -> list[Row]:
    """Purchases a second: the calls of `attribute` until none is left, commits included."""
    touches, purchases = (300_000, 6_000) if quick else (3_000_000, 60_000)
    end = clock.now() - timedelta(hours=2)  # past the attribution delay
    watch = Watch()
    with fresh_database() as url:
        owner, engine, settings = app_engine(url, role=None), app_engine(url), settings_of(url)
        with raw(owner) as cursor:
            _prepare(cursor, touches, purchases, end)
        say("attributing")
        done = 0
        while done < purchases:
            with watch.lap("attribute"), transaction(engine) as session:
                found = attribute(session, clock.now(), settings)
            done += found
            if not found:
                raise RuntimeError(f"{done} of {purchases} purchases were attributed")
        with raw(owner) as cursor:
            by = _outcomes(cursor, purchases)
            cursor.execute(_PLAIN)
            cursor.connection.commit()
            with watch.lap("floor"):
                cursor.execute(_FLOOR)
                cursor.connection.commit()
    spent, floor = watch.total("attribute"), watch.total("floor")
    name = f"attribution: {purchases:,} purchases against {touches:,} touches"
    return [
        Row(name, rate(purchases, spent), rate(purchases, floor), floor / spent, ">= 100,000/s", [
            ("floor: reading all once, writing the same rows", ""),
            ("by click, by view, to nobody", by),
        ])
    ]  # fmt: skip


def _prepare(cursor: Any, touches: int, purchases: int, end: datetime) -> None:
    say(f"making {touches:,} touches")
    sizes = {"touches": touches, "purchases": purchases, "viewers": max(touches // 10, 1)}
    sizes |= {"contents": CONTENTS, "products": PRODUCTS, "tags": TAGS}
    at = {"start": end.astimezone(UTC) - timedelta(days=DAYS), "end": end}
    for statement in (_CATALOG, _TOUCHES, _PURCHASES):
        cursor.execute(statement, sizes | at)
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False


def _outcomes(cursor: Any, purchases: int) -> str:
    """How many of each; a speed counts only if the work was done."""
    cursor.execute("SELECT outcome, count(*) FROM attribution GROUP BY 1")
    counts = dict(cursor.fetchall())
    if sum(counts.values()) != purchases or not counts.get("click"):
        raise RuntimeError(f"attributed: {counts}")
    return ", ".join(f"{counts.get(name, 0):,}" for name in ("click", "view", "none"))
