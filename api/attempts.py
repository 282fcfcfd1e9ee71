"""How payouts went out by a provider: their attempts, decisions about unknown ones, and money asked back."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, MoneyField, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.payouts import FINANCE, PayoutOut
from api.runtime import runtime
from payouts import ask_back, attempts, resolve

blp = Blueprint("attempts", "attempts", url_prefix="/v1", description="Attempts and reversals of payouts")


class AttemptOut(Schema):
    number = fields.Integer(required=True)
    state = fields.String(required=True)
    calls = fields.Integer(required=True)
    first_sent_at = Moment(required=True, allow_none=True)
    next_at = Moment(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class ReversalOut(Schema):
    number = fields.Integer(required=True)
    amount = MoneyField(required=True)
    reason = fields.String(required=True)
    asked_by = fields.String(required=True)
    state = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)


class ReverseIn(Schema):
    amount = MoneyField(allow_none=True, load_default=None)
    reason = Text(most=500, required=True)


class DecisionIn(Schema):
    outcome = Choice("sent", "not_sent", required=True)
    reference = Text(most=140, allow_none=True, load_default=None)
    reason = Text(most=500, required=True)


@operation(blp, "GET", "/payouts/<id>/attempts", roles=STAFF, answer=AttemptOut, many=True)
def list_attempts(session: Session, query: dict[str, Any], id: str) -> Page:
    """A payout's attempts at its provider, oldest first"""
    rows = attempts.list_attempts(session, id, limit=query["limit"] + 1, after=after_of(query, int) or 0)
    return page(rows, query["limit"], lambda row: row.number)


@operation(blp, "GET", "/payouts/<id>/reversals", roles=STAFF, answer=ReversalOut, many=True)
def list_reversals(session: Session, query: dict[str, Any], id: str) -> Page:
    """What was asked back of a payout, and what became of it"""
    rows = attempts.list_reversals(session, id, limit=query["limit"] + 1, after=after_of(query, int) or 0)
    return page(rows, query["limit"], lambda row: row.number)


@operation(
    blp,
    "POST",
    "/payouts/<id>/reverse",
    roles=FINANCE,
    body=ReverseIn,
    answer=ReversalOut,
    status=201,
    idempotent=True,
)
def reverse_payout(session: Session, body: dict[str, Any], id: str) -> Any:
    """Ask a payout back from the provider; the creator is credited when it confirms"""
    return ask_back.ask_back(session, id, body["amount"], body["reason"], caller().person, runtime().now())


@operation(
    blp, "POST", "/payouts/<id>/resolve", roles=FINANCE, body=DecisionIn, answer=PayoutOut, idempotent=True
)
def resolve_payout(session: Session, body: dict[str, Any], id: str) -> Any:
    """Decide what became of a payout that stayed unknown too long"""
    return resolve.resolve(
        session,
        id,
        body["outcome"],
        body["reference"],
        body["reason"],
        caller().person,
        runtime().now(),
    )
