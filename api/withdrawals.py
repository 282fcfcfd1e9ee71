"""Sellers' withdrawals and statements."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.creators import PeriodQuery, StatementOut
from api.fields import Choice, Currency, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from bounties import withdrawals
from core.money import Money
from ledger import accounts
from ledger.statement import statement
from rewards.seller_money import seller_money

blp = Blueprint(
    "withdrawals", "withdrawals", url_prefix="/v1", description="Sellers' withdrawals and statements"
)
READERS = (*STAFF, "seller")


class WithdrawalIn(Schema):
    amount = MoneyField(required=True)


class WithdrawalSettleIn(Schema):
    outcome = Choice("paid", "failed", "returned", required=True)
    reference = Text(most=140, required=True)


class WithdrawalOut(Schema):
    id = fields.String(required=True)
    seller = Ref(required=True)
    amount = MoneyField(required=True)
    state = fields.String(required=True)
    requested_by = fields.String(required=True)
    settled_by = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    settled_at = Moment(required=True, allow_none=True)


class SellerStatementQuery(PeriodQuery):
    currency = Currency(load_default="RUB")


@operation(
    blp, "POST", "/sellers/<id>/withdrawals", roles=("seller", "finance"), own="id", body=WithdrawalIn,
    answer=WithdrawalOut, status=201, idempotent=True,
)  # fmt: skip
def create_withdrawal(session: Session, body: dict[str, Any], id: str) -> Any:
    """Take back money that is free: it leaves the balance now, and finance sends it"""
    return withdrawals.request_withdrawal(
        session, id, body["amount"], caller().person, runtime().now(), runtime().settings
    )


@operation(blp, "GET", "/sellers/<id>/withdrawals", roles=READERS, own="id", answer=WithdrawalOut, many=True)
def list_withdrawals(session: Session, query: dict[str, Any], id: str) -> Page:
    """A seller's withdrawals, newest first"""
    seller_money(session, id)
    rows = withdrawals.list_withdrawals(session, id, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(
    blp, "POST", "/withdrawals/<id>/settle", roles=("finance",), body=WithdrawalSettleIn, answer=WithdrawalOut, idempotent=True
)  # fmt: skip
def settle_withdrawal(session: Session, body: dict[str, Any], id: str) -> Any:
    """What became of it at the bank; another person than who asked for it says so

    `failed` and `returned` make it free again.
    """
    return withdrawals.settle_withdrawal(
        session, id, body["outcome"], body["reference"], caller().person, runtime().now(), runtime().settings
    )


@operation(
    blp, "GET", "/sellers/<id>/statement", roles=READERS, own="id", query=SellerStatementQuery, answer=StatementOut
)  # fmt: skip
def seller_statement(session: Session, query: dict[str, Any], id: str) -> Any:
    """What was booked to the seller's balance: opening, lines, closing, by the day of the books"""
    seller_money(session, id)
    currency = Money(0, query["currency"]).currency
    return statement(session, [accounts.seller_balance(id)], currency, query["since"], query["until"])
