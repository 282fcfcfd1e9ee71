"""Events in, and what became of them."""

from typing import Any

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.body import body_bytes
from api.fields import AmountField, Choice, Day, Moment, MoneyField, Ref
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from attribution import batches, events, receive, report, sale
from core.errors import Forbidden, Invalid

blp = Blueprint("events", "events", url_prefix="/v1", description="Events, batches, attribution")
READERS = (*STAFF, "platform")


class RowErrorOut(Schema):
    index = fields.Integer(required=True)
    id = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class BatchOut(Schema):
    batch = fields.String(required=True)
    accepted = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    conflicts = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    errors = fields.List(fields.Nested(RowErrorOut), required=True)


@operation(blp, "POST", "/events", roles=("platform",), answer=BatchOut, raw=True, transacted=False)
def post_events() -> Any:
    """Up to 50,000 events as {"events": [...]} or NDJSON, gzip allowed; a 200 means that the accepted ones are on disk"""
    body = body_bytes("application/json", "application/x-ndjson")
    return receive.receive(
        runtime().engine,
        body,
        request.mimetype,
        source="api",
        now=runtime().now(),
        settings=runtime().settings,
        vault=runtime().vault,
        backfill=_backfill(),
    )


def _backfill() -> bool:
    """`?backfill=true` lifts the late limit, for a key with that scope."""
    asked = request.args.to_dict()
    if set(asked) - {"backfill"} or asked.get("backfill", "false") not in {"true", "false"}:
        raise Invalid("unknown_parameter", "The only query parameter here is backfill=true or false.")
    wanted = asked.get("backfill") == "true"
    if wanted and "backfill" not in caller().scopes:
        raise Forbidden("scope_missing", "This key has no backfill scope.")
    return wanted
