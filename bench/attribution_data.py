"""What attribution is measured on: a catalog, a month of touches, and purchases that follow some of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bench.ground import say

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
# A tenth are clicks, each on a product that the content tags. A viewer has ten touches, all on the four contents that
# tag the same three products: they compete for what the viewer buys.
_TOUCHES = """
    INSERT INTO touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
    SELECT md5('touch' || n), at, kind, md5('viewer' || viewer)::uuid, 'content-' || content,
        CASE kind WHEN 2 THEN 'product-' || (content * 7 + 1 + n %% %(tags)s) %% %(products)s END,
        CASE kind WHEN 1 THEN 20000 END, CASE kind WHEN 1 THEN false END, 1
    FROM (
        SELECT n, CASE WHEN n %% 10 = 0 THEN 2 ELSE 1 END AS kind, viewer, at,
            (viewer + %(products)s * floor(random() * 4)::integer) %% %(contents)s AS content
        FROM (
            SELECT n, floor(random() * %(viewers)s)::integer AS viewer,
                %(start)s + random() * (%(end)s - %(start)s) AS at
            FROM generate_series(1, %(touches)s) n
        ) who
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
        SELECT n, md5('nobody' || n)::uuid, 'product-' || n %% %(products)s,
            %(start)s + random() * (%(end)s - %(start)s)
        FROM generate_series(%(purchases)s * 2 / 3 + 1, %(purchases)s) n
    ) bought"""


def lay_catalog(cursor: Any, start: datetime, end: datetime) -> dict[str, Any]:
    """Creators, contents, products, tags, and a partition a day; the sizes of it, for what refers to it."""
    sizes = {"contents": CONTENTS, "products": PRODUCTS, "tags": TAGS}
    cursor.execute(_CATALOG, sizes | {"start": start, "end": end})
    return sizes


def lay_journeys(cursor: Any, touches: int, purchases: int, end: datetime) -> None:
    """A month of touches up to `end`, and purchases; known to the planner."""
    say(f"making {touches:,} touches")
    at = {"start": end.astimezone(UTC) - timedelta(days=DAYS), "end": end}
    values = lay_catalog(cursor, **at) | at | {"viewers": max(touches // 10, 1)}
    for statement in (_TOUCHES, _PURCHASES):
        cursor.execute(statement, values | {"touches": touches, "purchases": purchases})
    settle(cursor)


def settle(cursor: Any) -> None:
    """Commit what was made, and let the planner know it."""
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False
