"""Sellers' money: what they put in to pay for programs themselves, and what is left of it."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from rewards import seller_money

blp = Blueprint("sellers", "sellers", url_prefix="/v1", description="Sellers' deposits and balances")
READERS = (*STAFF, "seller")


class SellerDepositIn(Schema):
    amount = MoneyField(required=True)
    reference = Text(most=140, allow_none=True, load_default=None)


class SellerDepositOut(Schema):
    id = fields.String(required=True)
    seller = Ref(required=True)
    amount = MoneyField(required=True)
    reference = fields.String(required=True, allow_none=True)
    entry = fields.String(required=True)
    created_at = Moment(required=True)


class SellerPotOut(Schema):
    currency = fields.String(required=True)
    balance = AmountField(required=True)


class SellerBalanceOut(Schema):
    seller = Ref(required=True)
    balances = fields.List(fields.Nested(SellerPotOut), required=True)


@operation(
    blp,
    "POST",
    "/sellers/<id>/deposits",
    roles=("finance",),
    body=SellerDepositIn,
    answer=SellerDepositOut,
    status=201,
    idempotent=True,
)
def deposit_of_seller(session: Session, body: dict[str, Any], id: str) -> Any:
    """Record money that a seller paid in"""
    return seller_money.deposit_of_seller(
        session, id, body["amount"], body["reference"], caller().person, runtime().now(), runtime().settings
    )


@operation(blp, "GET", "/sellers/<id>/deposits", roles=READERS, own="id", answer=SellerDepositOut, many=True)
def list_seller_deposits(session: Session, query: dict[str, Any], id: str) -> Page:
    """A seller's deposits, oldest first"""
    rows = seller_money.list_seller_deposits(session, id, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/sellers/<id>/balance", roles=READERS, own="id", answer=SellerBalanceOut)
def seller_balance(session: Session, id: str) -> Any:
    """What a seller has to spend, by currency; empty before the first deposit"""
    return seller_money.seller_money(session, id)
