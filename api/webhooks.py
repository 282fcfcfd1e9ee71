"""Stripe's events come in: signed, not keyed. They are written down here and handled by a job."""

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment
from api.operation import STAFF, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from core.database import transaction
from core.errors import Invalid
from payouts.stripe import events
from payouts.stripe.signature import check_signature, secrets_of

blp = Blueprint("webhooks", "webhooks", url_prefix="/v1", description="Stripe's events")
MOST = 1024 * 1024  # Stripe's largest events have a quarter of it
_TAKEN = {"type": "object", "required": ["received"], "properties": {"received": {"type": "boolean"}}}
_SENT = {
    "operationId": "post_stripe_event",
    "security": [],
    "requestBody": {
        "required": True,
        "description": "An event of Stripe's, signed by the header Stripe-Signature",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


class ProviderEventQuery(PageQuery):
    state = Choice("new", "done", "ignored", "failed", load_default=None)


class ProviderEventOut(Schema):
    id = fields.String(required=True)
    type = fields.String(required=True)
    account = fields.String(required=True, allow_none=True)
    occurred_at = Moment(required=True)
    received_at = Moment(required=True)
    state = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    tries = fields.Integer(required=True)


@blp.post("/webhooks/stripe")
@blp.doc(**_SENT)
@blp.response(200, _TAKEN)
def post_stripe_event() -> Response:
    """An event of Stripe's; a 2xx means that it is on disk"""
    payload = _body()
    now = runtime().now()
    check_signature(payload, request.headers.get("Stripe-Signature"), secrets_of(runtime().settings), now)
    event, whole = events.parse_event(payload)
    with transaction(runtime().engine) as session:
        events.receive(session, event, whole, runtime().settings, now)
    return jsonify(received=True)


def _body() -> bytes:
    """The bytes that were signed, and no more of them than an event can have."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Invalid("unsupported_media_type", "Stripe's events come unpacked.")
    request.max_content_length = MOST
    return request.get_data(cache=False)


@operation(
    blp, "GET", "/provider-events", roles=STAFF, query=ProviderEventQuery, answer=ProviderEventOut, many=True
)
def list_provider_events(session: Session, query: dict[str, Any]) -> Page:
    """What Stripe told and what became of it, newest first"""
    rows = events.list_events(
        session, state=query["state"], limit=query["limit"] + 1, after=after_of(query, int)
    )
    found = page(rows, query["limit"], lambda row: row[0])
    return Page([event for _, event in found.rows], found.next_cursor)


@operation(blp, "GET", "/provider-events/<id>", roles=STAFF, answer=ProviderEventOut)
def get_provider_event(session: Session, id: str) -> Any:
    """An event of Stripe's"""
    return events.get_event(session, id)
