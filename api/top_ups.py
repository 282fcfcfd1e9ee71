"""Sellers' top-ups by Stripe Checkout."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Moment, MoneyField, Ref
from api.idempotency import idempotency_key
from api.onboarding import Link
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from catalog.sellers import find_seller
from core.database import transaction
from payouts.stripe import top_up
from payouts.stripe.client import stripe_client

blp = Blueprint("top_ups", "top_ups", url_prefix="/v1", description="Sellers' top-ups by Stripe Checkout")
READERS = (*STAFF, "seller")


class TopUpIn(Schema):
    amount = MoneyField(required=True)
    return_url = Link(required=True)


class TopUpOut(Schema):
    id = fields.String(required=True)
    seller = Ref(required=True)
    amount = MoneyField(required=True)
    state = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Stripe's session and the key under which it was made."""

    key: str
    checkout: dict[str, Any]


def _ask_checkout(body: dict[str, Any], id: str) -> _Asked:
    """Stripe's key is made of ours, so that a repeat finds the session that a lost answer left."""
    body["amount"].require_positive().require_minor()
    with transaction(runtime().engine) as session:
        find_seller(session, id)
        top_up.require_room(session, id)
    name = f"{caller().key_id} {idempotency_key()}".encode()
    key = f"top_up:{id}:{hashlib.sha256(name).hexdigest()[:32]}"
    client = stripe_client(runtime().settings)
    return _Asked(key, top_up.ask_checkout(client, id, body["amount"], key, body["return_url"]))


@operation(
    blp,
    "POST",
    "/sellers/<id>/top-ups",
    roles=("finance", "seller"),
    own="id",
    body=TopUpIn,
    answer=TopUpOut,
    status=201,
    idempotent=True,
    first=_ask_checkout,
)
def create_top_up(session: Session, asked: _Asked, body: dict[str, Any], id: str) -> Any:
    """A Stripe Checkout link by which the seller adds to its balance"""
    person, now = caller().person, runtime().now()
    return top_up.keep_top_up(session, id, body["amount"], asked.key, asked.checkout, person, now)


@operation(blp, "GET", "/sellers/<id>/top-ups", roles=READERS, own="id", answer=TopUpOut, many=True)
def list_top_ups(session: Session, query: dict[str, Any], id: str) -> Page:
    """A seller's top-ups, oldest first"""
    rows = top_up.list_top_ups(session, id, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/sellers/<id>/top-ups/<top_up_id>", roles=READERS, own="id", answer=TopUpOut)
def get_top_up(session: Session, id: str, top_up_id: str) -> Any:
    """A top-up"""
    return top_up.get_top_up(session, id, top_up_id)
