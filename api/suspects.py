"""Doubted views and clicks, and what operators make of them."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, signed
from api.runtime import runtime
from attribution import suspects
from attribution.traffic_rules import RULES

blp = Blueprint("suspects", "suspects", url_prefix="/v1", description="Invalid traffic")
READERS = (*STAFF, "platform")
DECISIONS = {"confirm": "confirmed", "clear": "cleared"}


class SuspectQuery(PageQuery):
    state = Choice(*suspects.STATES, load_default=None)
    rule = Choice(*RULES, load_default=None)


class WhyIn(Schema):
    reason = Text(most=500, required=True)


class SeveralIn(WhyIn):
    decision = Choice(*DECISIONS, required=True)
    rule = Choice(*RULES, load_default=None)
    viewer = Ref(load_default=None)
    content = Ref(load_default=None)


class SuspectOut(Schema):
    id = fields.String(required=True)
    event = fields.String(required=True)
    type = fields.String(required=True)
    occurred_at = Moment(required=True)
    content = Ref(required=True)
    product = Ref(required=True, allow_none=True)
    rule = fields.String(required=True)
    detail = fields.String(required=True)
    state = fields.String(required=True)
    found_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class DecidedOut(Schema):
    decided = fields.Integer(required=True)
    left = fields.Integer(required=True)


@operation(blp, "GET", "/suspects", roles=READERS, query=SuspectQuery, answer=SuspectOut, many=True)
def list_suspects(session: Session, query: dict[str, Any]) -> Page:
    """Views and clicks that a traffic rule doubts, oldest first"""
    after = after_of(query, int)
    rows, last = suspects.list_suspects(
        session, query["state"], query["rule"], query["limit"], suspects.FIRST if after is None else after
    )
    return signed(rows, last)


@operation(
    blp,
    "POST",
    "/suspects/<id>/confirm",
    roles=("operator",),
    body=WhyIn,
    answer=SuspectOut,
    idempotent=True,
)
def confirm_suspect(session: Session, body: dict[str, Any], id: str) -> Any:
    """It stays out of tallies and shares for good"""
    return suspects.decide(session, id, "confirmed", body["reason"], caller().person, runtime().now())


@operation(
    blp, "POST", "/suspects/<id>/clear", roles=("operator",), body=WhyIn, answer=SuspectOut, idempotent=True
)
def clear_suspect(session: Session, body: dict[str, Any], id: str) -> Any:
    """It counts again, and sales that it may have led to are attributed anew"""
    return suspects.decide(session, id, "cleared", body["reason"], caller().person, runtime().now())


@operation(
    blp, "POST", "/suspects/decide", roles=("operator",), body=SeveralIn, answer=DecidedOut, idempotent=True
)
def decide_suspects(session: Session, body: dict[str, Any]) -> Any:
    """Confirm or clear up to 10,000 open ones of a rule, a viewer or a content; `left` says how many remain"""
    viewer = body["viewer"] and runtime().vault.pseudonym(body["viewer"])
    return suspects.decide_all(
        session,
        DECISIONS[body["decision"]],  # type: ignore[arg-type]
        body["reason"],
        caller().person,
        runtime().now(),
        rule=body["rule"],
        viewer=viewer,
        content=body["content"],
    )
