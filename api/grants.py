"""Grants from a fund's line to a creator, and the second person's word on the large ones."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from rewards import grants

blp = Blueprint("grants", "grants", url_prefix="/v1", description="Grants from a fund's line to a creator")
DECIDERS = ("operator", "finance")


class GrantIn(Schema):
    creator = Ref(required=True)
    amount = MoneyField(required=True)
    reason = Text(most=500, required=True)


class GrantOut(Schema):
    id = fields.String(required=True)
    fund = Ref(required=True)
    line = Ref(required=True)
    creator = Ref(required=True)
    amount = MoneyField(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    proposed_by = fields.String(required=True)
    created_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    entry = fields.String(required=True, allow_none=True)


class GrantQuery(PageQuery):
    state = Choice("proposed", "done", "declined", load_default=None)


@operation(
    blp,
    "POST",
    "/funds/<id>/lines/<line>/grants",
    roles=("operator",),
    body=GrantIn,
    answer=GrantOut,
    status=201,
    idempotent=True,
)
def create_grant(session: Session, body: dict[str, Any], id: str, line: str) -> Any:
    """Give a creator money from a line, with a reason that the creator reads; `state` tells whether it was done

    `done`: the money is available to the creator. `proposed`: the amount is above the service's limit, and nothing moves
    until another person approves.
    """
    return grants.grant(
        session,
        id,
        line,
        body["creator"],
        body["amount"],
        body["reason"],
        caller().person,
        runtime().now(),
        runtime().settings,
    )


@operation(
    blp,
    "GET",
    "/funds/<id>/lines/<line>/grants",
    roles=STAFF,
    query=GrantQuery,
    answer=GrantOut,
    many=True,
)
def list_grants(session: Session, query: dict[str, Any], id: str, line: str) -> Page:
    """A line's grants, newest first"""
    rows = grants.list_grants(session, id, line, query["state"], query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/grants/<id>", roles=STAFF, answer=GrantOut)
def get_grant(session: Session, id: str) -> Any:
    """A grant"""
    return grants.get_grant(session, id)


@operation(blp, "POST", "/grants/<id>/approve", roles=DECIDERS, answer=GrantOut, idempotent=True)
def approve_grant(session: Session, id: str) -> Any:
    """Grant what another person proposed; if the line does not hold enough, it stays proposed"""
    return grants.approve_grant(session, id, caller().person, runtime().now(), runtime().settings)


@operation(blp, "POST", "/grants/<id>/decline", roles=DECIDERS, answer=GrantOut, idempotent=True)
def decline_grant(session: Session, id: str) -> Any:
    """Turn a proposed grant down; who proposed it may take it back"""
    return grants.decline_grant(session, id, caller().person, runtime().now())
