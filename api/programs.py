"""Programs and their versions: how creators earn."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import Choice, Currency, Day, Moment, Ref, Text, Whole
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from formula import GRAINS
from rewards import programs
from rewards.check_rules import MOST_RULES

blp = Blueprint("programs", "programs", url_prefix="/v1", description="Programs and their versions")
OPERATOR = ("operator",)
READERS = (*STAFF, "platform", "creator")


class FundingSchema(Schema):
    fund = Ref(required=True)
    line = Ref(required=True)


class ProgramIn(Schema):
    id = Ref(required=True)
    name = Text(required=True)
    currency = Currency(required=True)
    funding = fields.Nested(FundingSchema, required=True)
    policy = Ref(load_default="default")
    hold_days = Whole(0, 365, load_default=14)
    open = Choice("applications", "invite", "all", required=True)


class ProgramOut(Schema):
    id = Ref(required=True)
    name = fields.String(required=True)
    currency = fields.String(required=True)
    funding = fields.Nested(FundingSchema, required=True)
    policy = Ref(required=True)
    hold_days = fields.Integer(required=True)
    open = fields.String(required=True)
    created_at = Moment(required=True)


class RuleSchema(Schema):
    name = Text(most=40, required=True)
    grain = Choice(*GRAINS, required=True)
    where = Text(most=500, allow_none=True)
    amount = Text(most=500, required=True)


class VersionIn(Schema):
    effective_from = Day(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True, validate=validate.Length(1, MOST_RULES))


class VersionOut(Schema):
    program = Ref(required=True)
    number = fields.Integer(required=True)
    effective_from = Day(required=True)
    state = fields.String(required=True)
    rules = fields.List(fields.Dict(), required=True)
    drafted_by = fields.String(required=True)
    activated_by = fields.String(required=True, allow_none=True)
    activated_at = Moment(required=True, allow_none=True)


@operation(
    blp, "POST", "/programs", roles=OPERATOR, body=ProgramIn, answer=ProgramOut, status=201, idempotent=True
)
def create_program(session: Session, body: dict[str, Any]) -> Any:
    """Create a program; it pays nobody until a version is active"""
    return programs.create_program(
        session,
        body["id"],
        body["name"],
        body["currency"],
        body["funding"]["fund"],
        body["funding"]["line"],
        body["policy"],
        body["hold_days"],
        body["open"],
    )


@operation(blp, "GET", "/programs", roles=READERS, answer=ProgramOut, many=True)
def list_programs(session: Session, query: dict[str, Any]) -> Page:
    """Programs"""
    rows = programs.list_programs(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/programs/<id>", roles=READERS, answer=ProgramOut)
def get_program(session: Session, id: str) -> Any:
    """A program"""
    return programs.get_program(session, id)


@operation(
    blp,
    "POST",
    "/programs/<id>/versions",
    roles=OPERATOR,
    body=VersionIn,
    answer=VersionOut,
    status=201,
    idempotent=True,
)
def draft_version(session: Session, body: dict[str, Any], id: str) -> Any:
    """Draft a version; its formulas are checked now"""
    return programs.draft_version(session, id, body["effective_from"], body["rules"], caller().person)


@operation(blp, "GET", "/programs/<id>/versions", roles=READERS, answer=VersionOut, many=True)
def list_versions(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's versions with their rules"""
    after = after_of(query, int) or 0
    rows = [each for each in programs.list_versions(session, id) if each.number > after]
    return page(rows[: query["limit"] + 1], query["limit"], lambda row: row.number)


@operation(blp, "GET", "/programs/<id>/versions/<int:n>", roles=READERS, answer=VersionOut)
def get_version(session: Session, id: str, n: int) -> Any:
    """One version"""
    return programs.get_version(session, id, n)


@operation(
    blp,
    "POST",
    "/programs/<id>/versions/<int:n>/activate",
    roles=OPERATOR,
    answer=VersionOut,
    idempotent=True,
)
def activate(session: Session, id: str, n: int) -> Any:
    """Freeze a draft and let it count from its date"""
    return programs.activate_version(session, id, n, caller().person, runtime().now(), runtime().settings)
