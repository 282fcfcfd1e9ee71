"""Claims: a creator's place in a bounty, from the slot to the pay."""

import dataclasses
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Day, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from bounties import dispute, review, submit, take
from bounties.find import claim_moves, claim_of, find_bounty, find_claim
from bounties.read import list_claims
from bounties.states import CLAIM_STATES

blp = Blueprint("claims", "claims", url_prefix="/v1", description="Creators' claims of bounties")
READERS = (*STAFF, "seller", "creator")


class ClaimQuery(PageQuery):
    state = Choice(*CLAIM_STATES, load_default=None)


class SubmitIn(Schema):
    content = Ref(required=True)
    token = Text(most=64, allow_none=True, load_default=None)


class TokenIn(Schema):
    token = Text(most=64, required=True)


class ClaimReasonIn(Schema):
    reason = Text(most=500, required=True)


class ClaimResolveIn(Schema):
    outcome = Choice("approved", "rejected", "split", required=True)
    price = MoneyField(allow_none=True, load_default=None)
    reason = Text(most=500, required=True)


class ClaimBonusOut(Schema):
    state = fields.String(required=True)
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    paid = MoneyField(required=True)


class ClaimOut(Schema):
    id = fields.String(required=True)
    bounty = fields.String(required=True)
    creator = Ref(required=True)
    state = fields.String(required=True)
    due_at = Moment(required=True, allow_none=True)
    content = Ref(required=True, allow_none=True)
    token = fields.String(required=True, allow_none=True)
    rounds = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    submitted_at = Moment(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    paid = MoneyField(required=True)
    fee = MoneyField(required=True)
    bonus = fields.Nested(ClaimBonusOut, required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class MoveOut(Schema):
    at = Moment(required=True)
    verb = fields.String(required=True)
    who = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    content = fields.String(required=True, allow_none=True)


class ClaimStoryOut(ClaimOut):
    moves = fields.List(fields.Nested(MoveOut), required=True)


@operation(
    blp, "POST", "/bounties/<id>/claims", roles=("creator",), answer=ClaimOut, status=201, idempotent=True
)
def create_claim(session: Session, id: str) -> Any:
    """Take a slot; there are `submit_hours` to hand something in"""
    return take.claim_slot(session, id, str(caller().subject), caller().person, runtime().now())


@operation(blp, "GET", "/bounties/<id>/claims", roles=READERS, query=ClaimQuery, answer=ClaimOut, many=True)
def list_bounty_claims(session: Session, query: dict[str, Any], id: str) -> Page:
    """A bounty's claims, newest first; a creator sees its own"""
    who = caller()
    row = find_bounty(session, id, seller=who.subject if who.role == "seller" else None)
    creator = who.subject if who.role == "creator" else None
    return _claims(session, query, of=row.id, creator=creator)


@operation(
    blp, "GET", "/creators/<id>/claims", roles=(*STAFF, "creator"), own="id", query=ClaimQuery, answer=ClaimOut, many=True
)  # fmt: skip
def list_creator_claims(session: Session, query: dict[str, Any], id: str) -> Page:
    """A creator's claims, newest first"""
    return _claims(session, query, creator=id)


@operation(blp, "GET", "/claims/<id>", roles=READERS, answer=ClaimStoryOut)
def get_claim(session: Session, id: str) -> Any:
    """One claim with all that happened to it; a seller sees those of its bounties, a creator its own"""
    task, row = find_claim(session, id, **_mine())
    found = claim_of(task, row)
    shown = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
    return shown | {"moves": claim_moves(session, row.id)}


@operation(
    blp, "POST", "/claims/<id>/submit", roles=("creator",), body=SubmitIn, answer=ClaimOut, idempotent=True
)
def submit_claim(session: Session, body: dict[str, Any], id: str) -> Any:
    """Hand in a content of one's own with the bounty's product tagged; not reviewed in time it is approved

    `token`: the content's advertising token (erid), where it has one.
    """
    who, now = caller(), runtime().now()
    return submit.submit_content(
        session, id, str(who.subject), body["content"], body["token"], who.person, now
    )


@operation(
    blp, "POST", "/claims/<id>/token", roles=("creator", "seller"), body=TokenIn, answer=ClaimOut, idempotent=True
)  # fmt: skip
def set_claim_token(session: Session, body: dict[str, Any], id: str) -> Any:
    """Say the content's advertising token (erid)"""
    return submit.set_token(session, id, body["token"], caller().person, runtime().now(), **_mine())


@operation(blp, "POST", "/claims/<id>/withdraw", roles=("creator",), answer=ClaimOut, idempotent=True)
def withdraw_claim(session: Session, id: str) -> Any:
    """Give the slot back before it is decided"""
    who, now = caller(), runtime().now()
    return take.withdraw_claim(session, id, str(who.subject), who.person, now, runtime().settings)


@operation(
    blp,
    "POST",
    "/claims/<id>/dispute",
    roles=("creator",),
    body=ClaimReasonIn,
    answer=ClaimOut,
    idempotent=True,
)
def dispute_claim(session: Session, body: dict[str, Any], id: str) -> Any:
    """Dispute a rejection in time, or a review that never came; an operator decides"""
    who, now = caller(), runtime().now()
    return dispute.dispute_claim(session, id, str(who.subject), body["reason"], who.person, now)


@operation(blp, "POST", "/claims/<id>/approve", roles=("seller",), answer=ClaimOut, idempotent=True)
def approve_claim(session: Session, id: str) -> Any:
    """Pay the creator; a bonus is settled when its days are final"""
    who, now = caller(), runtime().now()
    return review.approve_claim(session, id, str(who.subject), who.person, now, runtime().settings)


@operation(
    blp,
    "POST",
    "/claims/<id>/reject",
    roles=("seller",),
    body=ClaimReasonIn,
    answer=ClaimOut,
    idempotent=True,
)
def reject_claim(session: Session, body: dict[str, Any], id: str) -> Any:
    """Refuse the work, with a reason that the creator reads and may dispute"""
    who, now = caller(), runtime().now()
    return review.reject_claim(
        session, id, str(who.subject), body["reason"], who.person, now, runtime().settings
    )


@operation(
    blp, "POST", "/claims/<id>/request-changes", roles=("seller",), body=ClaimReasonIn, answer=ClaimOut, idempotent=True
)  # fmt: skip
def request_claim_changes(session: Session, body: dict[str, Any], id: str) -> Any:
    """Ask for another version, as often as the bounty's `rounds` say"""
    who, now = caller(), runtime().now()
    return review.request_changes(session, id, str(who.subject), body["reason"], who.person, now)


@operation(
    blp,
    "POST",
    "/claims/<id>/resolve",
    roles=("operator",),
    body=ClaimResolveIn,
    answer=ClaimOut,
    idempotent=True,
)
def resolve_claim(session: Session, body: dict[str, Any], id: str) -> Any:
    """End a dispute: the whole price, nothing, or (split) the `price` that is named"""
    return dispute.resolve_claim(
        session, id, body["outcome"], body["price"], body["reason"], caller().person, runtime().now(), runtime().settings
    )  # fmt: skip


def _mine() -> dict[str, str | None]:
    """Whose claims the caller may see: a creator's own, a seller's bounties', or all."""
    who = caller()
    return {name: who.subject for name in ("creator", "seller") if name == who.role}


def _claims(session: Session, query: dict[str, Any], **of: Any) -> Page:
    rows = list_claims(session, query["limit"] + 1, after_of(query, int), state=query["state"], **of)
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)
