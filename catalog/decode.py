"""The catalog's rows as they arrive, and the one decoder that lets them in.

A row that exists has passed every rule that needs no database: `decode_line` for NDJSON, `row_of` for a parsed body.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from catalog import limits
from core.errors import Invalid
from core.money import Money

Reference = Annotated[str, Meta(pattern=limits.REFERENCE)]
Name = Annotated[str, Meta(pattern=limits.LINE, max_length=limits.MAX_NAME)]
Title = Annotated[str, Meta(pattern=limits.LINE, max_length=limits.MAX_TITLE)]
Category = Annotated[str, Meta(pattern=limits.LINE, max_length=limits.MAX_CATEGORY)]
Region = Annotated[str, Meta(pattern=limits.LINE, max_length=limits.MAX_REGION)]
Caption = Annotated[str, Meta(pattern=limits.PARAGRAPHS, max_length=limits.MAX_CAPTION)]
AvatarUrl = Annotated[str, Meta(pattern=limits.WEB_ADDRESS, max_length=limits.MAX_AVATAR_URL)]
Moment = Annotated[datetime, Meta(tz=True)]


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A line of the catalog; `type` says which."""


class CreatorRow(Row, frozen=True, kw_only=True, tag="creator"):
    """A whole creator. `viewer` is the person's own viewer reference, which is never stored as it is."""

    id: Reference
    name: Name
    region: Region | None = None
    avatar_url: AvatarUrl | None = None
    viewer: Reference | None = None
    status: Literal["active", "suspended"] = "active"


class SellerRow(Row, frozen=True, kw_only=True, tag="seller"):
    """A whole seller."""

    id: Reference
    name: Name


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """The contract's money object: not below zero and, as all money from outside, in whole minor units."""

    amount: str
    currency: str

    def __post_init__(self) -> None:
        try:
            money = Money.parse(self.amount, self.currency).require_minor()
        except Invalid as error:
            raise Invalid(error.code, error.detail, pointer="/price") from error
        if money.micros < 0:
            raise Invalid("negative_price", "A price is not below zero.", pointer="/price")

    @property
    def money(self) -> Money:
        return Money.parse(self.amount, self.currency)


class ProductRow(Row, frozen=True, kw_only=True, tag="product"):
    """A whole product."""

    id: Reference
    seller: Reference
    title: Title
    category: Category
    price: Price


class ContentRow(Row, frozen=True, kw_only=True, tag="content"):
    """A whole content; `products` are all its tags (a list must be sent: its absence would take tags off unasked)."""

    id: Reference
    creator: Reference
    kind: Literal["video", "image", "text"]
    caption: Caption | None = None
    region: Region | None = None
    published_at: Moment
    products: Annotated[list[Reference], Meta(max_length=limits.MAX_PRODUCTS)]

    def __post_init__(self) -> None:
        if not limits.FIRST_MOMENT <= self.published_at < limits.LAST_MOMENT:
            raise Invalid("bad_time", "published_at lies in 2000 to 2100.", pointer="/published_at")


class FollowRow(Row, frozen=True, kw_only=True, tag="follow"):
    """A viewer follows a creator from now on."""

    viewer: Reference
    creator: Reference


class LikeRow(Row, frozen=True, kw_only=True, tag="like"):
    """A viewer likes a content from now on."""

    viewer: Reference
    content: Reference


R = TypeVar("R", bound=Row)
_LINE = msgspec.json.Decoder(CreatorRow | SellerRow | ProductRow | ContentRow | FollowRow | LikeRow)
_WHERE = re.compile(r" - at `(?:key in )?\$?([^`]*)`\Z")


def decode_line(line: bytes) -> Row:
    """The row of one NDJSON line.

    Raises:
        Invalid: `bad_json`, `malformed`, `bad_time`, or what a price is refused for.
    """
    try:
        row: Row = _LINE.decode(line)
    except msgspec.ValidationError as error:
        raise _malformed(error) from error
    except (ValueError, RecursionError) as error:
        raise Invalid("bad_json", "The line is not one JSON object in UTF-8.") from error
    return row


def row_of(kind: type[R], values: Mapping[str, Any]) -> R:
    """A row of plain values (a parsed body with the path's references), under the same rules.

    Raises:
        Invalid: `malformed` with its pointer, `bad_time`, or what a price is refused for.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _malformed(error) from error


def _malformed(error: msgspec.ValidationError) -> Invalid:
    """The decoder's complaint with its path as a JSON pointer and its pattern in words."""
    text = str(error)
    where = _WHERE.search(text)
    says = text[: where.start()] if where else text
    for pattern, words in limits.IN_WORDS.items():
        if repr(pattern) in says:
            says = f"Expected {words}"
    pointer = re.sub(r"[.\[]", "/", where[1]).replace("]", "") if where else None
    return Invalid("malformed", says[:300], pointer=pointer or None)
