"""Creators, sellers, products: written whole, by reference, one statement a kind.

The last row of a reference wins. A row that says what already stands is left alone, `updated_at` included. Rows are
written in the order of their references, so that two writers of one set wait for each other and never in a ring.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from catalog.decode import CreatorRow, ProductRow, SellerRow
from catalog.rejected import Rejected, accepted, unknown, unknown_reference
from catalog.tables import seller
from core.database import sql
from core.secrets import Vault


def upsert_creators(
    session: Session, rows: Sequence[CreatorRow], now: datetime, vault: Vault
) -> list[Rejected]:
    """Write creators; their viewer references leave this function only as pseudonyms."""
    latest = {row.id: row for row in rows}.values()
    fields = ("id", "name", "region", "avatar_url", "status")
    _write(
        session,
        "upsert_creators",
        [
            {name: getattr(row, name) for name in fields}
            | {"viewer": vault.pseudonym(row.viewer) if row.viewer else None}
            for row in latest
        ],
        now,
    )
    return []


def upsert_sellers(session: Session, rows: Sequence[SellerRow], now: datetime) -> list[Rejected]:
    """Write sellers."""
    latest = {row.id: row for row in rows}.values()
    _write(session, "upsert_sellers", [{"id": row.id, "name": row.name} for row in latest], now)
    return []


def upsert_products(session: Session, rows: Sequence[ProductRow], now: datetime) -> list[Rejected]:
    """Write products; one of an unknown seller is `unknown_reference`. A product may change its seller."""
    missing = unknown(session, seller, (row.seller for row in rows))
    rejected = [
        unknown_reference(index, "seller", row.seller, "/seller")
        for index, row in enumerate(rows)
        if row.seller in missing
    ]
    latest = {row.id: row for row in accepted(rows, rejected)}.values()
    _write(session, "upsert_products", [_product(row) for row in latest], now)
    return rejected


def _product(row: ProductRow) -> dict[str, Any]:
    price = row.price.money
    return {
        "id": row.id,
        "seller": row.seller,
        "title": row.title,
        "category": row.category,
        "price": price.micros,
        "currency": price.currency,
    }


def as_records(rows: Iterable[Mapping[str, Any]]) -> str:
    """JSON for `jsonb_to_recordset`: one parameter for any number of rows."""
    return msgspec.json.encode(list(rows)).decode()


def _write(session: Session, statement: str, rows: list[dict[str, Any]], now: datetime) -> None:
    if rows:
        session.execute(sql("catalog", statement), {"rows": as_records(rows), "now": now})
