"""What is withheld from payouts, and the receipts of self-employed persons."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import Choice, Currency, Day, Flag, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from catalog.read import require_creator
from payouts import receipts, withholding
from payouts.payee import TAX_STATUSES

blp = Blueprint("taxes", "taxes", url_prefix="/v1", description="Withholding and receipts")


class BandSchema(Schema):
    up_to = MoneyField(load_default=None, allow_none=True)
    rate = Text(most=8, required=True)


class WithholdingIn(Schema):
    tax_status = Choice(*TAX_STATUSES, required=True)
    currency = Currency(required=True)
    valid_from = Day(required=True)
    kind = Text(most=40, required=True)
    bands = fields.List(
        fields.Nested(BandSchema), required=True, validate=validate.Length(1, withholding.MOST_BANDS)
    )


class WithholdingOut(WithholdingIn):
    made_by = fields.String(required=True)
    created_at = Moment(required=True)


class WithholdingsOut(Schema):
    data = fields.List(fields.Nested(WithholdingOut), required=True)


class ReceiptIn(Schema):
    number = Text(most=100, required=True)
    link = Text(most=500, load_default=None, allow_none=True)


class ReceiptOut(Schema):
    payout = fields.String(required=True)
    creator = Ref(required=True)
    amount = MoneyField(required=True)
    paid_on = Day(required=True)
    due_on = Day(required=True)
    overdue = Flag(required=True)
    number = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)


@operation(blp, "GET", "/withholdings", roles=STAFF, answer=WithholdingsOut)
def list_withholdings(session: Session) -> Any:
    """What is withheld from whom, since when"""
    return {"data": withholding.list_withholdings(session)}


@operation(
    blp,
    "POST",
    "/withholdings",
    roles=("finance",),
    body=WithholdingIn,
    answer=WithholdingOut,
    status=201,
    idempotent=True,
)
def add_withholding(session: Session, body: dict[str, Any]) -> Any:
    """Lay down what is withheld from today or a later day on"""
    bands = [withholding.Band(**each) for each in body.pop("bands")]
    return withholding.add_withholding(
        session, **body, bands=bands, person=caller().person, now=runtime().now()
    )


@operation(
    blp,
    "POST",
    "/payouts/<id>/receipt",
    roles=("finance",),
    body=ReceiptIn,
    answer=ReceiptOut,
    idempotent=True,
)
def record_receipt(session: Session, body: dict[str, Any], id: str) -> Any:
    """Keep the receipt that a self-employed person gave for a payout"""
    return receipts.record_receipt(session, id, **body, person=caller().person, now=runtime().now())


@operation(blp, "GET", "/receipts/overdue", roles=STAFF, query=PageQuery, answer=ReceiptOut, many=True)
def list_overdue_receipts(session: Session, query: dict[str, Any]) -> Page:
    """Missing receipts that hold the next payouts, of everybody, newest payouts first"""
    rows = receipts.list_overdue(session, runtime().now(), limit=query["limit"] + 1, after=after_of(query))
    return page(rows, query["limit"], lambda row: row.payout)


@operation(
    blp, "GET", "/creators/<id>/receipts", roles=(*STAFF, "creator"), own="id", answer=ReceiptOut, many=True
)
def list_receipts(session: Session, query: dict[str, Any], id: str) -> Page:
    """Receipts of a creator's payouts as a self-employed person, the missing ones too"""
    require_creator(session, id)
    rows = receipts.list_receipts(
        session, runtime().now(), creator=id, limit=query["limit"] + 1, after=after_of(query)
    )
    return page(rows, query["limit"], lambda row: row.payout)
