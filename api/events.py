"""Events in, and what became of them."""

from decimal import Decimal
from typing import Any

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.body import body_bytes
from api.fields import Choice, Day, Moment, MoneyField, Ref
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, signed
from api.runtime import runtime
from attribution import batches, events, receive, report, sale
from core.errors import Forbidden, Invalid
from core.ids import REFERENCE_PATTERN
from core.money import AMOUNT_PATTERN, Money
from rewards import of_event

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


_EVENT = {
    "type": "object",
    "required": ["id", "type", "occurred_at"],
    "properties": {
        "id": {"type": "string", "pattern": REFERENCE_PATTERN},
        "type": {"type": "string", "enum": ["view", "click", "purchase", "refund"]},
        "occurred_at": {"type": "string", "format": "date-time"},
        **{
            name: {"type": "string", "pattern": REFERENCE_PATTERN}
            for name in ("viewer", "content", "product", "order")
        },
        "quantity": {"type": "integer", "minimum": 1},
        "amount": {"type": "string", "pattern": AMOUNT_PATTERN},
        "currency": {"type": "string"},
        "watch_ms": {"type": "integer", "minimum": 0},
        "completed": {"type": "boolean"},
    },
}
_SENT = {
    "parameters": [{"in": "query", "name": "backfill", "schema": {"type": "boolean", "default": False}}],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["events"],
                    "properties": {"events": {"type": "array", "maxItems": 50_000, "items": _EVENT}},
                    "additionalProperties": False,
                }
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line"}},
        },
    },
}


@operation(
    blp,
    "POST",
    "/events",
    roles=("platform",),
    answer=BatchOut,
    raw=True,
    transacted=False,
    documented=_SENT,
)
def post_events() -> Any:
    """Up to 50,000 events as {"events": [...]} or NDJSON, gzip allowed; a 200 means that the accepted ones are on disk"""
    return receive.receive(
        runtime().engine,
        body_bytes(
            "application/json", "application/x-ndjson"
        ),  # no name of ours: it is let go once it is decoded
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


class EarnedOut(Schema):
    policy = fields.String(required=True)
    outcome = fields.String(required=True)
    content = Ref(required=True, allow_none=True)
    creator = Ref(required=True, allow_none=True)


class EventOut(Schema):
    id = fields.String(required=True)
    type = fields.String(required=True)
    state = fields.String(required=True)
    occurred_at = Moment(required=True)
    received_at = Moment(required=True)
    batch = fields.String(required=True)
    tallied = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    order = Ref(required=True, allow_none=True)
    product = Ref(required=True, allow_none=True)
    content = Ref(required=True, allow_none=True)
    attributed = fields.List(fields.Nested(EarnedOut), required=True)


class EventRewardOut(Schema):
    id = fields.String(required=True)
    program = Ref(required=True)
    rule = fields.String(required=True)
    grain = fields.String(required=True)
    creator = Ref(required=True)
    content = Ref(required=True, allow_none=True)
    amount = MoneyField(required=True)
    released_at = Moment(required=True, allow_none=True)


class EventAndOthersOut(EventOut):
    rewarded = fields.List(fields.Nested(EventRewardOut), required=True)
    others = fields.List(fields.Nested(EventOut), required=True)


class StateQuery(PageQuery):
    state = Choice("conflict", "parked", "suspect", required=True)


class BatchRecordOut(BatchOut):
    batch = fields.String(attribute="id", required=True)
    source = fields.String(required=True)
    received_at = Moment(required=True)
    errors = fields.List(fields.Dict(), required=True)
    tallied_at = Moment(required=True, allow_none=True)


class MicrosField(fields.String):
    """Micros of a unit or an order as decimal text: 0.333334."""

    def _serialize(self, value: int, attr: Any, obj: Any, **kwargs: Any) -> str:
        return f"{Decimal(value).scaleb(-6):f}"


class SaleShareOut(Schema):
    content = Ref(required=True)
    creator = Ref(required=True)
    amount = MoneyField(required=True)
    units = MicrosField(required=True)
    orders = MicrosField(required=True)
    weight = fields.String(required=True, allow_none=True)
    refund = fields.String(required=True, allow_none=True)


class SaleTouchOut(Schema):
    id = fields.String(required=True)
    type = fields.String(required=True)
    occurred_at = Moment(required=True)
    content = Ref(required=True)
    creator = Ref(required=True)
    product = Ref(required=True, allow_none=True)
    taken = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    weight = fields.String(required=True, allow_none=True)


class PolicyInForceOut(Schema):
    version = fields.Integer(required=True)
    model = fields.String(required=True)
    scope = fields.String(required=True)
    click_window_hours = fields.Integer(required=True)
    view_window_hours = fields.Integer(required=True)


class OutcomeOut(Schema):
    policy = Ref(required=True)
    outcome = fields.String(required=True)
    version = fields.Nested(PolicyInForceOut, required=True, allow_none=True)
    generation = fields.Integer(required=True, allow_none=True)
    attributed_at = Moment(required=True, allow_none=True)
    agrees = fields.Boolean(required=True, allow_none=True)
    touch = fields.String(required=True, allow_none=True)
    touched_at = Moment(required=True, allow_none=True)
    touch_count = fields.Integer(required=True)
    touches = fields.List(fields.Nested(SaleTouchOut), required=True)
    shares = fields.List(fields.Nested(SaleShareOut), required=True)


class SaleOut(Schema):
    event = fields.String(required=True)
    order = Ref(required=True)
    product = Ref(required=True)
    quantity = fields.Integer(required=True)
    amount = MoneyField(required=True)
    occurred_at = Moment(required=True)
    day = Day(required=True)
    anonymous = fields.Boolean(required=True)
    refunded = MoneyField(required=True)
    returned = fields.Integer(required=True)
    policies = fields.List(fields.Nested(OutcomeOut), required=True)


class ReportQuery(Schema):
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    policy = Ref(load_default="default")


class SumsField(fields.List):
    """Sums by currency as a list of money objects."""

    def _serialize(self, value: dict[str, Money], attr: Any, obj: Any, **kwargs: Any) -> Any:
        return [money.as_json() for money in value.values()]


class SalesOut(Schema):
    count = fields.Integer(required=True)
    sums = SumsField(MoneyField(), required=True)


class ReportOut(Schema):
    purchases = fields.Nested(SalesOut, required=True)
    attributed = fields.Nested(SalesOut, required=True)
    by_click = fields.Nested(SalesOut, required=True)
    by_view = fields.Nested(SalesOut, required=True)
    unattributed = fields.Nested(SalesOut, required=True)


@operation(blp, "GET", "/events/<id>", roles=READERS, answer=EventAndOthersOut)
def get_event(session: Session, id: str) -> Any:
    """An event and what became of it; what else came under its id stands in `others`

    `rewarded`: of a sale, what it earned and what was taken back; of a view or click that counts, what was given for
    the figures of its content's day.
    """
    first, *others = events.find_event(session, id)
    found = {name: getattr(first, name) for name in first.__slots__}
    return {**found, "rewarded": _rewards(session, first), "others": others}


def _rewards(session: Session, event: events.EventRecord) -> list[of_event.EventReward]:
    if event.purchase is not None:
        return of_event.sale_rewards(session, event.purchase)
    if event.tallied and event.content is not None:
        day = event.occurred_at.astimezone(runtime().settings.zone).date()
        return of_event.touch_rewards(session, event.content, day)
    return []


@operation(blp, "GET", "/events", roles=READERS, query=StateQuery, answer=EventOut, many=True)
def list_events(session: Session, query: dict[str, Any]) -> Page:
    """Events in conflict with a first one, parked until a reference arrives, or doubted by a traffic rule"""
    after = after_of(query, int)
    rows, last = events.list_events(
        session, query["state"], query["limit"], events.FIRST if after is None else after
    )
    return signed(rows, last)


@operation(blp, "GET", "/batches", roles=READERS, answer=BatchRecordOut, many=True)
def list_batches(session: Session, query: dict[str, Any]) -> Page:
    """Batches, newest first"""
    after = after_of(query, int)
    rows, last = batches.list_batches(session, query["limit"], batches.LAST if after is None else after)
    return signed(rows, last)


@operation(blp, "GET", "/batches/<id>", roles=READERS, answer=BatchRecordOut)
def get_batch(session: Session, id: str) -> Any:
    """A batch as it was answered, and when it was tallied"""
    return batches.get_batch(session, id)


@operation(blp, "GET", "/sales/<order>/<product>/attribution", roles=READERS, answer=SaleOut)
def get_sale(session: Session, order: str, product: str) -> Any:
    """Who a sale is attributed to by each policy, by which touches and why, and what refunds took back"""
    return sale.sale_attribution(session, order, product)


@operation(blp, "GET", "/reports/attribution", roles=READERS, query=ReportQuery, answer=ReportOut)
def get_report(session: Session, query: dict[str, Any]) -> Any:
    """How many purchases of these days were attributed, by click and by view"""
    return report.attribution_report(session, query["since"], query["until"], query["policy"])
