"""Funds and their lines: operators make them, finance fills them."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Choice, Currency, Day, Flag, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from core.errors import Invalid
from core.money import Money
from rewards import deposit as deposits
from rewards import funds, lines

blp = Blueprint("funds", "funds", url_prefix="/v1", description="Funds, deposits, lines")


class FundIn(Schema):
    id = Ref(required=True)
    name = Text(required=True)
    currency = Currency(required=True)
    budget = MoneyField(required=True)


class DepositIn(Schema):
    amount = MoneyField(required=True)
    reference = Text(most=140, allow_none=True, load_default=None)


class DepositOut(Schema):
    id = fields.String(required=True)
    fund = Ref(required=True)
    amount = MoneyField(required=True)
    reference = fields.String(required=True, allow_none=True)
    entry = fields.String(required=True)
    created_at = Moment(required=True)


class AllocationSchema(Schema):
    amount = MoneyField(required=True)
    per = Choice("once", "day", "month", required=True)


class AllocationField(fields.Nested):
    """A line's allocation: the amount, and its `per` from beside it."""

    def _serialize(self, value: Money, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return {"amount": value.as_json(), "per": obj.per}


class LineIn(Schema):
    id = Ref(required=True)
    purpose = Text(required=True)
    allocation = fields.Nested(AllocationSchema, required=True)
    rollover = Flag(load_default=True)


class LineOut(Schema):
    id = Ref(required=True)
    purpose = fields.String(required=True)
    allocation = AllocationField(AllocationSchema, required=True)
    rollover = Flag(required=True)
    balance = AmountField(required=True)
    allocated = AmountField(required=True)
    transferred = AmountField(required=True)
    adjusted = AmountField(required=True)
    spent = AmountField(required=True)
    granted = AmountField(required=True)
    waiting = AmountField(required=True)
    exhausts_on = Day(required=True, allow_none=True)


class FundOut(Schema):
    id = Ref(required=True)
    name = fields.String(required=True)
    currency = fields.String(required=True)
    budget = AmountField(required=True)
    deposited = AmountField(required=True)
    unallocated = AmountField(required=True)
    lines = fields.List(fields.Nested(LineOut), required=True)


def _fund(session: Session, id: str) -> Any:
    return funds.get_fund(session, id, runtime().now(), runtime().settings)


@operation(
    blp, "POST", "/funds", roles=("operator",), body=FundIn, answer=FundOut, status=201, idempotent=True
)
def create_fund(session: Session, body: dict[str, Any]) -> Any:
    """Create a fund with a budget that deposits never pass"""
    if body["currency"] != body["budget"].currency:
        raise Invalid("wrong_currency", "The budget is in another currency.", pointer="/budget/currency")
    funds.create_fund(session, body["id"], body["name"], body["budget"])
    return _fund(session, body["id"])


@operation(blp, "GET", "/funds", roles=STAFF, answer=FundOut, many=True)
def list_funds(session: Session, query: dict[str, Any]) -> Page:
    """Funds with their lines"""
    rows = funds.list_funds(session, query["limit"] + 1, after_of(query), runtime().now(), runtime().settings)
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/funds/<id>", roles=STAFF, answer=FundOut)
def get_fund(session: Session, id: str) -> Any:
    """A fund: what came in, what is left, what each line holds, spent and still owes"""
    return _fund(session, id)


@operation(
    blp,
    "POST",
    "/funds/<id>/deposits",
    roles=("finance",),
    body=DepositIn,
    answer=DepositOut,
    status=201,
    idempotent=True,
)
def deposit(session: Session, body: dict[str, Any], id: str) -> Any:
    """Record money that arrived for a fund"""
    return deposits.deposit_money(
        session, id, body["amount"], body["reference"], caller().person, runtime().now(), runtime().settings
    )


@operation(blp, "GET", "/funds/<id>/deposits", roles=STAFF, answer=DepositOut, many=True)
def list_deposits(session: Session, query: dict[str, Any], id: str) -> Page:
    """A fund's deposits"""
    rows = deposits.list_deposits(session, id, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(
    blp,
    "POST",
    "/funds/<id>/lines",
    roles=("operator",),
    body=LineIn,
    answer=FundOut,
    status=201,
    idempotent=True,
)
def create_line(session: Session, body: dict[str, Any], id: str) -> Any:
    """Give a fund a line with its own allocation"""
    given = body["allocation"]
    lines.create_line(
        session,
        id,
        body["id"],
        body["purpose"],
        given["amount"],
        given["per"],
        body["rollover"],
        runtime().now(),
        runtime().settings,
    )
    return _fund(session, id)
