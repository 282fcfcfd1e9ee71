"""The catalog: the platform writes it, everyone with a key reads it."""

from typing import Any

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.body import body_bytes
from api.fields import Choice, Moment, MoneyField, Ref, Text
from api.operation import EVERYONE, Empty, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from catalog import follow, limits, read
from catalog.apply import put
from catalog.bulk import load_catalog
from catalog.decode import ContentRow, CreatorRow, FollowRow, LikeRow, ProductRow, Row, SellerRow, row_of
from catalog.delete import delete_content

blp = Blueprint(
    "catalog",
    "catalog",
    url_prefix="/v1",
    description="Creators, sellers, products, contents, follows, likes",
)
PLATFORM = ("platform",)


class CreatorIn(Schema):
    name = Text(most=limits.MAX_NAME, required=True)
    region = Text(most=limits.MAX_REGION, allow_none=True)
    avatar_url = Text(most=limits.MAX_AVATAR_URL, allow_none=True)
    viewer = Ref(allow_none=True)
    status = Choice(*limits.STATUSES)


class SellerIn(Schema):
    name = Text(most=limits.MAX_NAME, required=True)


class ProductIn(Schema):
    seller = Ref(required=True)
    title = Text(most=limits.MAX_TITLE, required=True)
    category = Text(most=limits.MAX_CATEGORY, required=True)
    price = MoneyField(required=True, positive=False)


class ContentIn(Schema):
    creator = Ref(required=True)
    kind = Choice(*limits.KINDS, required=True)
    caption = Text(most=limits.MAX_CAPTION, least=0, allow_none=True)
    region = Text(most=limits.MAX_REGION, allow_none=True)
    published_at = Moment(required=True)
    products = fields.List(Ref(), required=True, validate=validate.Length(max=limits.MAX_PRODUCTS))


class SellerOut(Schema):
    id = Ref(required=True)
    name = fields.String(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class CreatorOut(SellerOut):
    region = fields.String(required=True, allow_none=True)
    avatar_url = fields.String(required=True, allow_none=True)
    status = Choice(*limits.STATUSES, required=True)


class CreatorProfileOut(CreatorOut):
    followers = fields.Integer(required=True)
    contents = fields.Integer(required=True)
    likes = fields.Integer(required=True)


class ProductOut(Schema):
    id = Ref(required=True)
    seller = Ref(required=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    price = MoneyField(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class ContentOut(Schema):
    id = Ref(required=True)
    creator = Ref(required=True)
    kind = Choice(*limits.KINDS, required=True)
    caption = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    published_at = Moment(required=True)
    deleted_at = Moment(required=True, allow_none=True)
    products = fields.List(Ref(), required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class CatalogOut(Schema):
    accepted = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rejected = fields.Integer(required=True)
    errors = fields.List(fields.Dict(), required=True)


class ContentQuery(PageQuery):
    creator = Ref(load_default=None)
    product = Ref(load_default=None)


class ProductQuery(PageQuery):
    seller = Ref(load_default=None)


def _put(session: Session, kind: type[Row], **references: str) -> None:
    """Write one row by the rules of the bulk load; `references` are the path's."""
    values = {**(request.get_json(silent=True) or {}), **references}
    put(session, row_of(kind, values), runtime().now(), runtime().vault)


@operation(blp, "PUT", "/creators/<id>", roles=PLATFORM, body=CreatorIn, answer=CreatorProfileOut)
def put_creator(session: Session, body: dict[str, Any], id: str) -> Any:
    """Create or replace a creator"""
    _put(session, CreatorRow, id=id)
    return read.get_creator(session, id)


@operation(blp, "GET", "/creators/<id>", roles=EVERYONE, answer=CreatorProfileOut)
def get_creator(session: Session, id: str) -> Any:
    """A creator's profile with its counts"""
    return read.get_creator(session, id)


@operation(blp, "GET", "/creators", roles=EVERYONE, answer=CreatorOut, many=True)
def list_creators(session: Session, query: dict[str, Any]) -> Page:
    """Creators"""
    rows = read.list_creators(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "PUT", "/sellers/<id>", roles=PLATFORM, body=SellerIn, answer=SellerOut)
def put_seller(session: Session, body: dict[str, Any], id: str) -> Any:
    """Create or replace a seller"""
    _put(session, SellerRow, id=id)
    return read.get_seller(session, id)


@operation(blp, "GET", "/sellers/<id>", roles=EVERYONE, answer=SellerOut)
def get_seller(session: Session, id: str) -> Any:
    """A seller"""
    return read.get_seller(session, id)


@operation(blp, "GET", "/sellers", roles=EVERYONE, answer=SellerOut, many=True)
def list_sellers(session: Session, query: dict[str, Any]) -> Page:
    """Sellers"""
    rows = read.list_sellers(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "PUT", "/products/<id>", roles=PLATFORM, body=ProductIn, answer=ProductOut)
def put_product(session: Session, body: dict[str, Any], id: str) -> Any:
    """Create or replace a product"""
    _put(session, ProductRow, id=id)
    return read.get_product(session, id)


@operation(blp, "GET", "/products/<id>", roles=EVERYONE, answer=ProductOut)
def get_product(session: Session, id: str) -> Any:
    """A product"""
    return read.get_product(session, id)


@operation(blp, "GET", "/products", roles=EVERYONE, query=ProductQuery, answer=ProductOut, many=True)
def list_products(session: Session, query: dict[str, Any]) -> Page:
    """Products, or those of one seller"""
    rows = read.list_products(session, query["limit"] + 1, after_of(query), seller=query["seller"])
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "PUT", "/contents/<id>", roles=PLATFORM, body=ContentIn, answer=ContentOut)
def put_content(session: Session, body: dict[str, Any], id: str) -> Any:
    """Create or replace a content and its product tags"""
    _put(session, ContentRow, id=id)
    return read.get_content(session, id)


@operation(blp, "GET", "/contents/<id>", roles=EVERYONE, answer=ContentOut)
def get_content(session: Session, id: str) -> Any:
    """A content with its standing tags"""
    return read.get_content(session, id)


@operation(blp, "GET", "/contents", roles=EVERYONE, query=ContentQuery, answer=ContentOut, many=True)
def list_contents(session: Session, query: dict[str, Any]) -> Page:
    """Contents, of a creator or tagged with a product"""
    rows = read.list_contents(
        session, query["limit"] + 1, after_of(query), creator=query["creator"], product=query["product"]
    )
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "DELETE", "/contents/<id>", roles=PLATFORM, answer=Empty, status=204)
def remove_content(session: Session, id: str) -> None:
    """Delete a content: its tags end now"""
    delete_content(session, id, runtime().now())


@operation(blp, "PUT", "/follows/<viewer>/<creator>", roles=PLATFORM, answer=Empty, status=204)
def put_follow(session: Session, viewer: str, creator: str) -> None:
    """A viewer follows a creator"""
    _put(session, FollowRow, viewer=viewer, creator=creator)


@operation(blp, "DELETE", "/follows/<viewer>/<creator>", roles=PLATFORM, answer=Empty, status=204)
def delete_follow(session: Session, viewer: str, creator: str) -> None:
    """A viewer follows a creator no more"""
    follow.unfollow(session, viewer, creator, runtime().now(), runtime().vault)


@operation(blp, "PUT", "/likes/<viewer>/<content>", roles=PLATFORM, answer=Empty, status=204)
def put_like(session: Session, viewer: str, content: str) -> None:
    """A viewer likes a content"""
    _put(session, LikeRow, viewer=viewer, content=content)


@operation(blp, "DELETE", "/likes/<viewer>/<content>", roles=PLATFORM, answer=Empty, status=204)
def delete_like(session: Session, viewer: str, content: str) -> None:
    """A viewer likes a content no more"""
    follow.unlike(session, viewer, content, runtime().now(), runtime().vault)


_LINES = {"type": "string", "description": 'One row a line: {"type": "creator", "id": …, …}'}
_SENT = {"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": _LINES}}}}


@operation(blp, "POST", "/catalog", roles=PLATFORM, answer=CatalogOut, raw=True, documented=_SENT)
def post_catalog(session: Session) -> Any:
    """Load catalog rows from NDJSON; a bad line never stops the others"""
    return load_catalog(session, body_bytes("application/x-ndjson"), runtime().now(), runtime().vault)
