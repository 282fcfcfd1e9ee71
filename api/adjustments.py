"""Entries by hand: adjustments and reversals, and the second person's word on the large ones."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import AmountField, Choice, Day, Moment, MoneyField, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from core.errors import Invalid
from ledger import adjust, adjustments, decide, reverse
from ledger.post import Leg

blp = Blueprint("adjustments", "adjustments", url_prefix="/v1", description="Entries by hand, and reversals")
DECIDERS = ("operator", "finance")
MOST = 10_000


class LegSchema(Schema):
    account = Text(most=200, required=True)
    amount = MoneyField(minor=False, positive=False, attribute="money", required=True)


class EntryIn(Schema):
    postings = fields.List(
        fields.Nested(LegSchema), allow_none=True, load_default=None, validate=validate.Length(2, MOST)
    )
    reverses = Text(most=40, allow_none=True, load_default=None)
    reason = Text(most=500, required=True)
    effective_on = Day(allow_none=True, load_default=None)
    corrects = Text(most=40, allow_none=True, load_default=None)


class ListedAdjustmentOut(Schema):
    id = fields.String(required=True)
    state = fields.String(required=True)
    amount = AmountField(required=True)
    currency = fields.String(required=True)
    reason = fields.String(required=True)
    corrects = fields.String(required=True, allow_none=True)
    reverses = fields.String(required=True, allow_none=True)
    effective_on = Day(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    decision = fields.String(required=True, allow_none=True)
    entry = fields.String(required=True, allow_none=True)


class AdjustmentOut(ListedAdjustmentOut):
    postings = fields.List(fields.Nested(LegSchema), required=True)


class RejectIn(Schema):
    reason = Text(most=500, required=True)


class AdjustmentQuery(PageQuery):
    state = Choice("proposed", "posted", "rejected", load_default=None)


@operation(
    blp,
    "POST",
    "/ledger/entries",
    roles=("operator",),
    body=EntryIn,
    answer=AdjustmentOut,
    status=201,
    idempotent=True,
)
def create_entry(session: Session, body: dict[str, Any]) -> Any:
    """Adjust the books, or reverse an entry; `state` tells whether it was posted or waits for another person

    Send `postings` (debit positive) or `reverses`. `posted`: `entry` is in the books. `proposed`: the amount is above
    the service's limit, and nothing is booked until another person approves. A sale taken back is a refund event, a
    payout that came back is settled as returned, money for a fund is a deposit: entries of those are not reversed here.
    """
    _one_of_two(body)
    if body["reverses"] is not None:
        return reverse.reverse(
            session, body["reverses"], body["reason"], caller().person, runtime().now(), runtime().settings
        )
    return adjust.adjust(
        session,
        [Leg(each["account"], each["money"]) for each in body["postings"]],
        body["reason"],
        caller().person,
        runtime().now(),
        runtime().settings,
        effective_on=body["effective_on"],
        corrects=body["corrects"],
    )


def _one_of_two(body: dict[str, Any]) -> None:
    if body["reverses"] is None and body["postings"] is None:
        raise Invalid("nothing_to_post", "Send `postings` or `reverses`.", pointer="/postings")
    if body["reverses"] is not None:
        for name in ("postings", "corrects", "effective_on"):
            if body[name] is not None:
                told = f"A reversal has no `{name}`: it is the opposite of its entry, today."
                raise Invalid("not_of_a_reversal", told, pointer=f"/{name}")


@operation(
    blp,
    "GET",
    "/ledger/adjustments",
    roles=STAFF,
    query=AdjustmentQuery,
    answer=ListedAdjustmentOut,
    many=True,
)
def list_adjustments(session: Session, query: dict[str, Any]) -> Page:
    """Adjustments and reversals without their postings, newest first"""
    rows = adjustments.list_adjustments(session, query["state"], query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/ledger/adjustments/<id>", roles=STAFF, answer=AdjustmentOut)
def get_adjustment(session: Session, id: str) -> Any:
    """An adjustment or reversal with its postings"""
    return adjustments.get_adjustment(session, id)


@operation(
    blp,
    "POST",
    "/ledger/adjustments/<id>/approve",
    roles=DECIDERS,
    answer=AdjustmentOut,
    idempotent=True,
)
def approve_adjustment(session: Session, id: str) -> Any:
    """Post what another person proposed; if an account does not hold enough, it stays proposed"""
    return decide.approve(session, id, caller().person, runtime().now())


@operation(
    blp,
    "POST",
    "/ledger/adjustments/<id>/reject",
    roles=DECIDERS,
    body=RejectIn,
    answer=AdjustmentOut,
    idempotent=True,
)
def reject_adjustment(session: Session, body: dict[str, Any], id: str) -> Any:
    """Turn a proposed adjustment down; who proposed it may take it back"""
    return decide.reject(session, id, body["reason"], caller().person, runtime().now())
