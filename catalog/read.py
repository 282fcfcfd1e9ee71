"""The catalog as it stands. Lists go by reference in byte order; `after` is the last reference already seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from catalog.tables import content, content_like, creator, follow, product, product_tag, seller
from core.errors import NotFound
from core.money import Money


@dataclass(frozen=True, slots=True)
class Creator:
    """A creator, without its viewer's pseudonym: that is nobody's to read."""

    id: str
    name: str
    region: str | None
    avatar_url: str | None
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CreatorProfile(Creator):
    """With what stands now: followers, contents, and likes of those contents (deleted ones count for nothing)."""

    followers: int
    contents: int
    likes: int


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Product:
    """A product at its present price."""

    id: str
    seller: str
    title: str
    category: str
    price: Money
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """A content with its standing tags. A deleted one still answers by reference, as money refers to it."""

    id: str
    creator: str
    kind: str
    caption: str | None
    region: str | None
    published_at: datetime
    deleted_at: datetime | None
    products: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


_c = content.c
_CREATOR = select(*(creator.c[name] for name in Creator.__slots__))
_SELLER = select(*(seller.c[name] for name in Seller.__slots__))
_PRODUCT = select(product)
_TAGS = (
    select(func.array_agg(aggregate_order_by(product_tag.c.product, product_tag.c.product)))
    .where(product_tag.c.content == _c.id, product_tag.c.tagged_until.is_(None))
    .scalar_subquery()
    .label("products")
)
_CONTENT = select(content, _TAGS)
_PROFILE = _CREATOR.add_columns(
    select(func.count())
    .where(follow.c.creator == creator.c.id, follow.c.until.is_(None))
    .scalar_subquery()
    .label("followers"),
    select(func.count())
    .where(_c.creator == creator.c.id, _c.deleted_at.is_(None))
    .scalar_subquery()
    .label("contents"),
    select(func.count())
    .select_from(content.join(content_like, content_like.c.content == _c.id))
    .where(_c.creator == creator.c.id, _c.deleted_at.is_(None), content_like.c.until.is_(None))
    .scalar_subquery()
    .label("likes"),
)


def get_creator(session: Session, id: str) -> CreatorProfile:
    """One creator with its counts.

    Raises:
        NotFound: `not_found`, as every `get_` here.
    """
    return CreatorProfile(**_one(session, _PROFILE, creator, id)._mapping)


def require_creator(session: Session, id: str) -> None:
    """Pass when there is such a creator; unlike `get_creator` it counts nothing.

    Raises:
        NotFound: `not_found`.
    """
    _one(session, select(creator.c.id), creator, id)


def get_seller(session: Session, id: str) -> Seller:
    return Seller(**_one(session, _SELLER, seller, id)._mapping)


def get_product(session: Session, id: str) -> Product:
    return _product(_one(session, _PRODUCT, product, id))


def get_content(session: Session, id: str) -> Content:
    return _content(_one(session, _CONTENT, content, id))


def list_creators(session: Session, limit: int, after: str | None = None) -> list[Creator]:
    return [Creator(**row._mapping) for row in _page(session, _CREATOR, creator, limit, after)]


def list_sellers(session: Session, limit: int, after: str | None = None) -> list[Seller]:
    return [Seller(**row._mapping) for row in _page(session, _SELLER, seller, limit, after)]


def list_products(
    session: Session, limit: int, after: str | None = None, *, seller: str | None = None
) -> list[Product]:
    """Products, or those of one seller."""
    query = _PRODUCT if seller is None else _PRODUCT.where(product.c.seller == seller)
    return [_product(row) for row in _page(session, query, product, limit, after)]


def list_contents(
    session: Session,
    limit: int,
    after: str | None = None,
    *,
    creator: str | None = None,
    product: str | None = None,
) -> list[Content]:
    """Contents that stand: all, of one creator, tagged with one product, or both."""
    query = _CONTENT.where(_c.deleted_at.is_(None))
    if creator is not None:
        query = query.where(_c.creator == creator)
    if product is not None:
        tag = product_tag.alias().c
        query = query.where(
            _c.id.in_(select(tag.content).where(tag.product == product, tag.tagged_until.is_(None)))
        )
    return [_content(row) for row in _page(session, query, content, limit, after)]


def _one(session: Session, query: Select[Any], table: Table, id: str) -> Row[Any]:
    row = session.execute(query.where(table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No such {table.name}.")
    return row


def _page(
    session: Session, query: Select[Any], table: Table, limit: int, after: str | None
) -> list[Row[Any]]:
    if after is not None:
        query = query.where(table.c.id > after)
    return list(session.execute(query.order_by(table.c.id).limit(limit)))


def _product(row: Row[Any]) -> Product:
    fields = dict(row._mapping)
    price = Money(fields.pop("price"), fields.pop("currency"))
    return Product(price=price, **fields)


def _content(row: Row[Any]) -> Content:
    fields = dict(row._mapping)
    return Content(products=tuple(fields.pop("products") or ()), **fields)
