"""Statements of our bank accounts, and what their lines turned out to be."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.body import body_bytes
from api.fields import Choice, Day, Moment, MoneyField, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from payouts.bank import explain, import_statement, statements
from payouts.bank.payer import load_payer

blp = Blueprint("statements", "payouts", url_prefix="/v1", description="Bank statements")
FINANCE = ("finance",)
MEDIA = ("text/plain", "application/xml", "text/xml", "application/octet-stream")
_BINARY = {"type": "string", "format": "binary"}
_SENT = {
    "requestBody": {"required": True, "content": {media: {"schema": _BINARY} for media in MEDIA}},
    "description": "The file as the bank gave it: 1CClientBankExchange or camt.053, at most 32 MB.",
}


class CountsOut(Schema):
    paid = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    known = fields.Integer(required=True)
    unmatched = fields.Integer(required=True)
    explained = fields.Integer(required=True)


class BankStatementOut(Schema):
    id = fields.String(required=True)
    format = fields.String(required=True)
    account = fields.String(required=True)
    currency = fields.String(required=True)
    since = Day(required=True)
    until = Day(required=True)
    opening = MoneyField(required=True, allow_none=True)
    closing = MoneyField(required=True, allow_none=True)
    lines = fields.Nested(CountsOut, required=True)
    imported_by = fields.String(required=True)
    created_at = Moment(required=True)


class BankLineOut(Schema):
    id = fields.String(required=True)
    statement = fields.String(required=True)
    number = fields.Integer(required=True)
    booked_on = Day(required=True)
    amount = MoneyField(required=True)
    reference = fields.String(required=True, allow_none=True)
    counterparty = fields.String(required=True, allow_none=True)
    purpose = fields.String(required=True, allow_none=True)
    payout = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True)
    explained_by = fields.String(required=True, allow_none=True)
    explanation = fields.String(required=True, allow_none=True)


class LineQuery(PageQuery):
    statement = fields.String(load_default=None)
    outcome = Choice(*statements.OUTCOMES, load_default=None)


class ExplainIn(Schema):
    account = Text(most=200, required=True)
    reason = Text(most=500, required=True)


@operation(
    blp,
    "POST",
    "/statements",
    roles=FINANCE,
    answer=BankStatementOut,
    status=201,
    raw=True,
    documented=_SENT,
)
def import_bank_statement(session: Session) -> Any:
    """Import a statement; the same file again answers the same statement"""
    settings = runtime().settings
    return import_statement.import_statement(
        session,
        runtime().vault,
        load_payer(settings),
        body_bytes(*MEDIA),
        caller().person,
        runtime().now(),
    )


@operation(blp, "GET", "/statements", roles=STAFF, answer=BankStatementOut, many=True)
def list_bank_statements(session: Session, query: dict[str, Any]) -> Page:
    """Statements, newest first, with how many of their lines met which end"""
    rows = statements.list_statements(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/statements/<id>", roles=STAFF, answer=BankStatementOut)
def get_bank_statement(session: Session, id: str) -> Any:
    """A statement"""
    return statements.get_statement(session, id)


@operation(blp, "GET", "/bank-lines", roles=STAFF, query=LineQuery, answer=BankLineOut, many=True)
def list_bank_lines(session: Session, query: dict[str, Any]) -> Page:
    """Lines of statements, newest first; `outcome=unmatched` are those that wait for a person"""
    rows = statements.list_lines(
        session,
        statement=query["statement"],
        outcome=query["outcome"],
        limit=query["limit"] + 1,
        after=after_of(query),
    )
    return page(rows, query["limit"], lambda row: row.id)


@operation(
    blp,
    "POST",
    "/bank-lines/<id>/explain",
    roles=FINANCE,
    body=ExplainIn,
    answer=BankLineOut,
    idempotent=True,
)
def explain_bank_line(session: Session, body: dict[str, Any], id: str) -> Any:
    """Say what an unmatched line was: its money leaves suspense for the account named"""
    settings = runtime().settings
    now, person = runtime().now(), caller().person
    return explain.explain_line(session, id, body["account"], body["reason"], person, now, settings)
