"""Lists by keyset: a signed cursor that holds the last row's key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, ValidationError, fields

from api.runtime import runtime
from core.errors import Invalid

MOST = 1000


class Limit(fields.Integer):
    """1 to 1000, as plain digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not (
            isinstance(value, str)
            and value.isascii()
            and value.isdigit()
            and len(value) < 5
            and 1 <= int(value) <= MOST
        ):
            raise ValidationError(f"A limit is a whole number from 1 to {MOST}.")
        return int(value)


class PageQuery(Schema):
    """Every list takes these."""

    limit = Limit(load_default=100, metadata={"minimum": 1, "maximum": MOST})
    cursor = fields.String(load_default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    rows: Sequence[Any]
    next_cursor: str | None


def _signer() -> URLSafeSerializer:
    # Bound to the path and the filters, so that a cursor of one list means nothing to another.
    filters = sorted((k, v) for k, v in request.args.items(multi=True) if k not in {"cursor", "limit"})
    return URLSafeSerializer(runtime().vault.viewer_key, salt=f"cursor {request.path} {filters}")


def after_of(query: dict[str, Any], kind: type = str) -> Any:
    """The key after which the page starts; None for the first page.

    Raises:
        Invalid: `bad_cursor`, for one that is forged or of another list.
    """
    if query["cursor"] is None:
        return None
    try:
        after = _signer().loads(query["cursor"])
    except BadSignature:
        after = None
    if not isinstance(after, kind):
        raise Invalid("bad_cursor", "The cursor is not one that this list gave out.")
    return after


def page(rows: Sequence[Any], limit: int, key: Callable[[Any], Any]) -> Page:
    """A page of rows that were asked for with `limit + 1`."""
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, _signer().dumps(key(rows[-1])) if more else None)


def signed(rows: Sequence[Any], last: Any | None) -> Page:
    """A page whose domain function knows the key of the next one; None: there is none."""
    return Page(rows, None if last is None else _signer().dumps(last))
