"""Attribution policies and their versions: who earns a sale."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, Ref, Whole
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from attribution import policies, read_policies
from attribution.tables import MODELS, SCOPES

blp = Blueprint("policies", "policies", url_prefix="/v1", description="Attribution policies")
READERS = (*STAFF, "platform")
HOURS_A_YEAR = 8760


class PolicyIn(Schema):
    id = Ref(required=True)
    model = Choice(*MODELS, required=True)
    scope = Choice(*SCOPES, load_default="product")
    click_window_hours = Whole(0, HOURS_A_YEAR, load_default=720)
    view_window_hours = Whole(0, HOURS_A_YEAR, load_default=24)
    effective_from = Moment(load_default=None)


class PolicyVersionOut(Schema):
    version = fields.Integer(required=True)
    model = fields.String(required=True)
    scope = fields.String(required=True)
    click_window_hours = fields.Integer(required=True)
    view_window_hours = fields.Integer(required=True)
    effective_from = Moment(required=True)
    created_by = fields.String(required=True)
    created_at = Moment(required=True)


class PolicyOut(Schema):
    id = Ref(required=True)
    version = fields.Integer(attribute="current.version", required=True)
    model = fields.String(attribute="current.model", required=True)
    scope = fields.String(attribute="current.scope", required=True)
    click_window_hours = fields.Integer(attribute="current.click_window_hours", required=True)
    view_window_hours = fields.Integer(attribute="current.view_window_hours", required=True)
    effective_from = Moment(attribute="current.effective_from", required=True)
    created_at = Moment(required=True)
    versions = fields.List(fields.Nested(PolicyVersionOut), required=True)


@operation(
    blp,
    "POST",
    "/policies",
    roles=("operator",),
    body=PolicyIn,
    answer=PolicyOut,
    status=201,
    idempotent=True,
)
def create_policy(session: Session, body: dict[str, Any]) -> Any:
    """A new policy, or with an id that exists its next version, which starts in the future"""
    now = runtime().now()
    policies.add_version(
        session,
        body["id"],
        model=body["model"],
        scope=body["scope"],
        click_window_hours=body["click_window_hours"],
        view_window_hours=body["view_window_hours"],
        effective_from=body["effective_from"] or now,
        by=caller().person,
        now=now,
    )
    return read_policies.get_policy(session, body["id"], now)


@operation(blp, "GET", "/policies", roles=READERS, answer=PolicyOut, many=True)
def list_policies(session: Session, query: dict[str, Any]) -> Page:
    """Attribution policies: the version in force, and all versions"""
    rows = read_policies.list_policies(session, runtime().now(), query["limit"] + 1, after_of(query) or "")
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/policies/<id>", roles=READERS, answer=PolicyOut)
def get_policy(session: Session, id: str) -> Any:
    """One attribution policy: the version in force, and all versions"""
    return read_policies.get_policy(session, id, runtime().now())
