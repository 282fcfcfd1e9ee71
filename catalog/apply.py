"""Rows of any kind to the function that writes them, and the single upsert on top of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.contents import upsert_contents
from catalog.decode import ContentRow, CreatorRow, FollowRow, LikeRow, ProductRow, Row, SellerRow
from catalog.follow import upsert_follows, upsert_likes
from catalog.rejected import Rejected
from catalog.upsert import upsert_creators, upsert_products, upsert_sellers
from core.secrets import Vault

# In the order in which they depend on each other, which is also the order of locks.
KINDS: dict[type[Row], str] = {
    CreatorRow: "creator",
    SellerRow: "seller",
    ProductRow: "product",
    ContentRow: "content",
    FollowRow: "follow",
    LikeRow: "like",
}
_WRITE: dict[type[Row], Callable[..., list[Rejected]]] = {
    SellerRow: upsert_sellers,
    ProductRow: upsert_products,
    ContentRow: upsert_contents,
}
_WRITE_WITH_VIEWERS: dict[type[Row], Callable[..., list[Rejected]]] = {
    CreatorRow: upsert_creators,
    FollowRow: upsert_follows,
    LikeRow: upsert_likes,
}


def upsert_rows(
    session: Session, kind: type[Row], rows: Sequence[Any], now: datetime, vault: Vault
) -> list[Rejected]:
    """Write rows of one kind; what was left out, by index."""
    if kind in _WRITE:
        return _WRITE[kind](session, rows, now)
    return _WRITE_WITH_VIEWERS[kind](session, rows, now, vault)


def put(session: Session, row: Row, now: datetime, vault: Vault) -> None:
    """Write one row.

    Raises:
        Invalid: `unknown_reference`, the pointer names the field.
        Refused: `content_has_creator`, `content_deleted`.
    """
    for rejected in upsert_rows(session, type(row), [row], now, vault):
        raise rejected.as_error()
