"""Batches of touches put straight into the tables, as ingest leaves them: 80 views to 20 clicks, not yet tallied."""

from datetime import date
from typing import Any

CONTENTS, PRODUCTS, TAGS = 20_000, 5_000, 3
BATCH = 5_000

_CATALOG = """
    INSERT INTO creator (id, name) SELECT 'creator-' || n, 'Creator' FROM generate_series(0, 999) n;
    INSERT INTO seller (id, name) VALUES ('seller', 'Seller');
    INSERT INTO product (id, seller, title, category, price, currency)
        SELECT 'product-' || n, 'seller', 'Product', 'misc', 100000000, 'RUB'
        FROM generate_series(0, %(products)s - 1) n;
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'content-' || n, 'creator-' || n %% 1000, 'video', CAST(%(day)s AS date) - 9
        FROM generate_series(0, %(contents)s - 1) n;
    INSERT INTO product_tag (content, product, tagged_from)
        SELECT 'content-' || n, 'product-' || (n * 7 + tag) %% %(products)s, CAST(%(day)s AS date) - 9
        FROM generate_series(0, %(contents)s - 1) n, generate_series(1, %(tags)s) tag;
    SELECT touch_partition(CAST(%(day)s AS date) + n) FROM generate_series(0, %(days)s - 1) n"""
# The order of n is the order of arrival, so that a batch's rows lie together.
_TOUCHES = """
    WITH made AS (
        INSERT INTO event_batch (source, received_at, accepted, first_at, last_at, checked_at)
        SELECT 'bench', now(), %(batch)s, CAST(%(day)s AS date), CAST(%(day)s AS date) + make_interval(days => %(days)s), now()
        FROM generate_series(1, %(count)s / %(batch)s) RETURNING id
    ), first AS (
        SELECT min(id) AS id FROM made
    )
    INSERT INTO touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
    SELECT md5(f.id || 'touch' || n), CAST(%(day)s AS date) + (%(days)s * random()) * interval '1 day', kind,
        md5('viewer' || viewer)::uuid, 'content-' || content,
        CASE kind WHEN 2 THEN 'product-' || (content * 7 + 1 + n %% %(tags)s) %% %(products)s END,
        CASE kind WHEN 1 THEN floor(random() * 20000)::integer END, CASE kind WHEN 1 THEN n %% 3 = 0 END,
        f.id + (n - 1) / %(batch)s
    FROM first f, LATERAL (
        SELECT n, CASE WHEN n %% 100 < %(clicks)s THEN 2 ELSE 1 END AS kind,
            floor(random() * %(viewers)s)::integer AS viewer, floor(random() ^ 2 * %(contents)s)::integer AS content
        FROM generate_series(1, %(count)s) n
    ) drawn"""


def make_catalog(cursor: Any, day: date, days: int) -> None:
    """Contents with their products, and room for the touches of some days."""
    cursor.execute(
        _CATALOG, {"day": day, "days": days, "contents": CONTENTS, "products": PRODUCTS, "tags": TAGS}
    )
    cursor.execute("SELECT setseed(0.7)")
    cursor.connection.commit()


def add_touches(cursor: Any, count: int, viewers: int, day: date, days: int, clicks: int = 20) -> None:
    """So many more touches, spread over the days, in new batches."""
    sizes = {"contents": CONTENTS, "products": PRODUCTS, "tags": TAGS, "batch": BATCH, "clicks": clicks}
    cursor.execute(_TOUCHES, sizes | {"count": count, "viewers": viewers, "day": day, "days": days})
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("ANALYZE")
    cursor.execute("SELECT touch_summarize(CAST(%(day)s AS date) + n) FROM generate_series(0, %(days)s - 1) n", {"day": day, "days": days})  # fmt: skip
    cursor.connection.autocommit = False
