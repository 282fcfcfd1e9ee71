"""Transfers between the lines of a fund: one person proposes, another decides."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from rewards import transfers

blp = Blueprint("transfers", "transfers", url_prefix="/v1", description="Transfers between a fund's lines")
DECIDERS = ("operator", "finance")


class TransferIn(Schema):
    source = Ref(data_key="from", required=True)
    target = Ref(data_key="to", required=True)
    amount = MoneyField(required=True)
    reason = Text(most=500, required=True)


class TransferOut(Schema):
    id = fields.String(required=True)
    fund = Ref(required=True)
    source = Ref(data_key="from", required=True)
    target = Ref(data_key="to", required=True)
    amount = MoneyField(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    proposed_by = fields.String(required=True)
    created_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    entry = fields.String(required=True, allow_none=True)


class TransferQuery(PageQuery):
    state = Choice("proposed", "done", "declined", load_default=None)


@operation(
    blp,
    "POST",
    "/funds/<id>/transfers",
    roles=("operator",),
    body=TransferIn,
    answer=TransferOut,
    status=201,
    idempotent=True,
)
def propose_transfer(session: Session, body: dict[str, Any], id: str) -> Any:
    """Propose to move money from one line of a fund to another; nothing moves until another person approves"""
    return transfers.propose_transfer(
        session,
        id,
        body["source"],
        body["target"],
        body["amount"],
        body["reason"],
        caller().person,
        runtime().now(),
    )


@operation(
    blp,
    "GET",
    "/funds/<id>/transfers",
    roles=STAFF,
    query=TransferQuery,
    answer=TransferOut,
    many=True,
)
def list_transfers(session: Session, query: dict[str, Any], id: str) -> Page:
    """A fund's transfers, newest first"""
    rows = transfers.list_transfers(session, id, query["state"], query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/funds/<id>/transfers/<transfer>", roles=STAFF, answer=TransferOut)
def get_transfer(session: Session, id: str, transfer: str) -> Any:
    """A transfer between two lines"""
    return transfers.get_transfer(session, id, transfer)


@operation(
    blp,
    "POST",
    "/funds/<id>/transfers/<transfer>/approve",
    roles=DECIDERS,
    answer=TransferOut,
    idempotent=True,
)
def approve_transfer(session: Session, id: str, transfer: str) -> Any:
    """Move what another person proposed; if the line does not hold enough, it stays proposed"""
    return transfers.approve_transfer(
        session, id, transfer, caller().person, runtime().now(), runtime().settings
    )


@operation(
    blp,
    "POST",
    "/funds/<id>/transfers/<transfer>/decline",
    roles=DECIDERS,
    answer=TransferOut,
    idempotent=True,
)
def decline_transfer(session: Session, id: str, transfer: str) -> Any:
    """Turn a proposed transfer down; who proposed it may take it back"""
    return transfers.decline_transfer(session, id, transfer, caller().person, runtime().now())
