"""Versions of programs: drafted, compared, started."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy.orm import Session

from api.fields import Choice, Day, Moment, MoneyField, Ref, Text, Whole
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from core.errors import NotFound
from formula import GRAINS
from rewards import activate, diff, versions
from rewards.check_rules import CAP_SCOPES, MOST_RULES, PERIODS, SHORTFALLS
from rewards.pool_warnings import WARNINGS

blp = Blueprint("versions", "versions", url_prefix="/v1", description="Versions of programs: their rules")
OPERATOR = ("operator",)
READERS = (*STAFF, "platform", "creator")
MOST_TOP = 10**9


class PoolSchema(Schema):
    amount = MoneyField(required=True)
    per = Choice(*PERIODS, required=True)
    weight = Text(most=500, required=True)
    top = Whole(1, MOST_TOP)


class CapSchema(Schema):
    per = Choice(*CAP_SCOPES, required=True)
    amount = MoneyField(required=True)


class RuleSchema(Schema):
    name = Text(most=40, required=True)
    grain = Choice(*GRAINS, required=True)
    where = Text(most=500, allow_none=True)
    amount = Text(most=500)
    pool = fields.Nested(PoolSchema)
    caps = fields.List(fields.Nested(CapSchema), validate=validate.Length(0, len(CAP_SCOPES)))
    on_shortfall = Choice(*SHORTFALLS)


class VersionIn(Schema):
    effective_from = Day(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True, validate=validate.Length(1, MOST_RULES))


class VersionOut(Schema):
    program = Ref(required=True)
    number = fields.Integer(required=True)
    effective_from = Day(required=True)
    state = fields.String(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)
    drafted_by = fields.String(required=True)
    proposed_by = fields.String(required=True, allow_none=True)
    activated_by = fields.String(required=True, allow_none=True)
    activated_at = Moment(required=True, allow_none=True)


class ActivateIn(Schema):
    confirm = fields.List(Choice(*WARNINGS), load_default=list, validate=validate.Length(0, len(WARNINGS)))


class Number(fields.Integer):
    """A version's number, as plain digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise ValidationError("Not a version's number.")
        return int(value)


class DiffQuery(Schema):
    against = Number()


class RuleChangeOut(Schema):
    name = fields.String(required=True)
    change = fields.String(required=True)
    was = fields.Nested(RuleSchema)
    now = fields.Nested(RuleSchema)


class DiffOut(Schema):
    against = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True)
    changes = fields.List(fields.String(), required=True)
    rules = fields.List(fields.Nested(RuleChangeOut), required=True)


@operation(
    blp, "POST", "/programs/<id>/versions", roles=OPERATOR, body=VersionIn, answer=VersionOut, status=201,
    idempotent=True,
)  # fmt: skip
def draft_version(session: Session, body: dict[str, Any], id: str) -> Any:
    """Draft a version; its rules are checked now"""
    return versions.draft_version(session, id, body["effective_from"], body["rules"], caller().person)


@operation(blp, "GET", "/programs/<id>/versions", roles=READERS, answer=VersionOut, many=True)
def list_versions(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's versions with their rules"""
    after = after_of(query, int) or 0
    rows = [each for each in versions.list_versions(session, id) if each.number > after and _open(each)]
    return page(rows[: query["limit"] + 1], query["limit"], lambda row: row.number)


@operation(blp, "GET", "/programs/<id>/versions/<int:n>", roles=READERS, answer=VersionOut)
def get_version(session: Session, id: str, n: int) -> Any:
    """One version"""
    return _shown(session, id, n)


def _shown(session: Session, id: str, n: int) -> versions.Version:
    found = versions.get_version(session, id, n)
    if not _open(found):
        raise NotFound("not_found", f"No version {n} of program {id!r}.")
    return found


def _open(version: versions.Version) -> bool:
    """Creators see what is in force or will be, not what is only being thought about."""
    return version.state == "active" or caller().role != "creator"


@operation(blp, "GET", "/programs/<id>/versions/<int:n>/diff", roles=READERS, query=DiffQuery, answer=DiffOut)
def diff_version(session: Session, query: dict[str, Any], id: str, n: int) -> Any:
    """What a version changes, in words: against another one, or the one in force before it"""
    for each in filter(None, (n, query.get("against"))):
        _shown(session, id, each)
    return diff.diff_versions(session, id, n, query.get("against"))


@operation(
    blp, "POST", "/programs/<id>/versions/<int:n>/activate", roles=OPERATOR, body=ActivateIn, answer=VersionOut,
    idempotent=True, documented={"requestBody": {"required": False}},
)  # fmt: skip
def activate_version(session: Session, body: dict[str, Any], id: str, n: int) -> Any:
    """Freeze a draft and let it count from its date; above the limit `state` is `proposed`, and another person approves"""
    now, settings = runtime().now(), runtime().settings
    return activate.activate_version(session, id, n, caller().person, now, settings, body["confirm"])


@operation(
    blp, "POST", "/programs/<id>/versions/<int:n>/approve", roles=OPERATOR, answer=VersionOut, idempotent=True
)
def approve_version(session: Session, id: str, n: int) -> Any:
    """Activate what another person proposed"""
    return activate.approve_version(session, id, n, caller().person, runtime().now(), runtime().settings)
