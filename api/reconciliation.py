"""The reconciliation: what our books, Stripe's and the bank's say, and what does not agree."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Choice, Day, Flag, Moment, MoneyField, Text
from api.operation import STAFF, caller, operation
from api.paging import PageQuery, after_of, page
from api.runtime import runtime
from payouts.differences import list_differences, resolve_difference
from payouts.reconcile_read import summary

blp = Blueprint("reconciliation", "reconciliation", url_prefix="/v1", description="Three-way reconciliation")


class DifferenceQuery(PageQuery):
    state = Choice("open", "resolved", "all", load_default="open")


class DifferenceOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    subject = fields.String(required=True)
    amount = MoneyField(required=True)
    detail = fields.String(required=True)
    found_at = Moment(required=True)
    seen_at = Moment(required=True)
    age_days = fields.Integer(required=True)
    resolved_at = Moment(required=True, allow_none=True)
    resolved_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class CurrencyOut(Schema):
    currency = fields.String(required=True)
    since = Day(required=True, allow_none=True)
    complete = Flag(required=True)
    ledger = AmountField(required=True)
    provider = AmountField(required=True, allow_none=True)
    bank = AmountField(required=True)
    in_transit = AmountField(required=True)
    suspense = AmountField(required=True)
    open = fields.Integer(required=True)
    amount = AmountField(required=True)


class ReconciliationPage(Schema):
    as_of = Moment(required=True, allow_none=True)
    currencies = fields.List(fields.Nested(CurrencyOut), required=True)
    differences = fields.List(fields.Nested(DifferenceOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ResolveIn(Schema):
    reason = Text(most=500, required=True)


@operation(blp, "GET", "/reconciliation", roles=STAFF, query=DifferenceQuery, answer=ReconciliationPage)
def get_reconciliation(session: Session, query: dict[str, Any]) -> Any:
    """What each side says by currency, and the differences, newest first

    `ledger`, `provider` and `bank` are of the last comparison: what was sent through Stripe and by bank files since a
    day, less what came back. Without differences `ledger` is the sum of the other two.
    """
    state = None if query["state"] == "all" else query["state"]
    rows = list_differences(
        session, runtime().now(), state=state, limit=query["limit"] + 1, before=after_of(query, int)
    )
    shown = page(rows, query["limit"], lambda row: row[0])
    found = summary(session)
    return {
        "as_of": found.as_of,
        "currencies": found.currencies,
        "differences": [each for _, each in shown.rows],
        "next_cursor": shown.next_cursor,
    }


@operation(
    blp,
    "POST",
    "/reconciliation/<id>/resolve",
    roles=("finance",),
    body=ResolveIn,
    answer=DifferenceOut,
    idempotent=True,
)
def resolve(session: Session, body: dict[str, Any], id: str) -> Any:
    """Say why a difference is none, or what was done about it; it stops nothing any more"""
    return resolve_difference(session, id, body["reason"], caller().person, runtime().now())
