"""The books, for finance and the auditor."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Currency, Day, Moment, MoneyField
from api.operation import STAFF, operation
from api.paging import Page, PageQuery, after_of, page
from ledger import read

blp = Blueprint("ledger", "ledger", url_prefix="/v1", description="Accounts, entries")


class AccountOut(Schema):
    code = fields.String(required=True)
    balance = MoneyField(required=True)
    recorded_at = Moment(required=True)


class AccountQuery(PageQuery):
    prefix = fields.String(load_default="")


class CurrencyPageQuery(PageQuery):
    currency = Currency(load_default=None)


class PostingOut(Schema):
    entry = fields.String(required=True)
    account = fields.String(required=True)
    version = fields.Integer(required=True)
    amount = MoneyField(required=True)
    balance = MoneyField(required=True)
    booked_on = Day(required=True)


class EntryOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    currency = fields.String(required=True)
    effective_on = Day(required=True)
    booked_on = Day(required=True)
    recorded_at = Moment(required=True)
    note = fields.String(required=True, allow_none=True)
    corrects = fields.String(required=True, allow_none=True)
    corrected_by = fields.List(fields.String(), required=True)
    postings = fields.List(fields.Nested(PostingOut), required=True)


@operation(blp, "GET", "/ledger/accounts", roles=STAFF, query=AccountQuery, answer=AccountOut, many=True)
def list_accounts(session: Session, query: dict[str, Any]) -> Page:
    """Accounts with their balances (debit positive), by code"""
    rows = read.list_accounts(session, query["prefix"], query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(
    blp,
    "GET",
    "/ledger/accounts/<code>/postings",
    roles=STAFF,
    query=CurrencyPageQuery,
    answer=PostingOut,
    many=True,
)
def list_postings(session: Session, query: dict[str, Any], code: str) -> Page:
    """An account's postings, newest first"""
    rows = read.list_postings(session, code, query["currency"], query["limit"] + 1, after_of(query, int))
    return page(rows, query["limit"], lambda row: row.version)


@operation(blp, "GET", "/ledger/entries/<id>", roles=STAFF, answer=EntryOut)
def get_entry(session: Session, id: str) -> Any:
    """An entry with its postings"""
    return read.get_entry(session, id)
