"""Short words for the tests of the catalog."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from catalog.apply import put
from catalog.bulk import CatalogResult, load_catalog
from catalog.decode import ContentRow, CreatorRow, FollowRow, LikeRow, ProductRow, Row, SellerRow, row_of
from core.database import transaction
from core.secrets import vault_of

VAULT = vault_of(b"k" * 32)
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ROWS: dict[str, type[Row]] = {
    "creator": CreatorRow,
    "seller": SellerRow,
    "product": ProductRow,
    "content": ContentRow,
    "follow": FollowRow,
    "like": LikeRow,
}


def line(type: str, id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A whole, good object; what is given replaces what is usual."""
    usual: dict[str, dict[str, Any]] = {
        "creator": {"name": "Anna"},
        "seller": {"name": "Shop"},
        "product": {
            "seller": "s1",
            "title": "Cup",
            "category": "home",
            "price": {"amount": "990.00", "currency": "RUB"},
        },
        "content": {"creator": "c1", "kind": "video", "published_at": NOON.isoformat(), "products": []},
        "follow": {},
        "like": {},
    }
    return {"type": type} | ({"id": id} if id else {}) | usual[type] | fields


def row(type: str, id: str | None = None, **fields: Any) -> Row:
    return row_of(ROWS[type], line(type, id, **fields))


def write(engine: Engine, now: datetime, *rows: Row) -> None:
    """Each as a single upsert, all in one transaction."""
    with transaction(engine) as session:
        for item in rows:
            put(session, item, now, VAULT)


def load(engine: Engine, now: datetime, lines: Sequence[Any]) -> CatalogResult:
    """In bulk; a line that is bytes goes in as it is."""
    body = b"\n".join(item if isinstance(item, bytes) else msgspec.json.encode(item) for item in lines)
    with transaction(engine) as session:
        return load_catalog(session, body, now, VAULT)


def furnish(engine: Engine, now: datetime) -> None:
    """Creators c1 and c2, seller s1, products p1 to p3."""
    write(
        engine,
        now,
        *(row("creator", id) for id in ("c1", "c2")),
        row("seller", "s1"),
        *(row("product", id) for id in ("p1", "p2", "p3")),
    )


def ask(engine: Engine | Session, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with transaction(engine) as session:
        return [tuple(item) for item in session.execute(text(statement), values)]


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the catalog holds."""
    tables = "creator", "seller", "product", "content", "product_tag", "follow", "content_like", "changed_day"
    return {name: ask(engine, f"SELECT * FROM {name} t ORDER BY t") for name in tables}
