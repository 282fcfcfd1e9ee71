"""Programs, versions, enrolments and formulas: how creators earn."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.fields import Choice, Day, Moment, Ref, Text, Whole
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from attribution.tables import policy
from core.errors import Invalid, NotFound
from formula import GRAINS, NAMES, compile_formula
from rewards import members, programs
from rewards import rules as rewards_rules

blp = Blueprint(
    "programs", "programs", url_prefix="/v1", description="Programs, versions, enrolments, formulas, policies"
)
OPERATOR = ("operator",)
READERS = (*STAFF, "platform")


class FundingSchema(Schema):
    fund = Ref(required=True)
    line = Ref(required=True)


class ProgramIn(Schema):
    id = Ref(required=True)
    name = Text(required=True)
    currency = fields.String(required=True)
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
    grain = Choice(*rewards_rules.GRAINS, required=True)
    where = Text(most=500, allow_none=True)
    amount = Text(most=500, required=True)


class VersionIn(Schema):
    effective_from = Day(required=True)
    rules = fields.List(
        fields.Nested(RuleSchema), required=True, validate=validate.Length(1, rewards_rules.MOST_RULES)
    )


class VersionOut(Schema):
    program = Ref(required=True)
    number = fields.Integer(required=True)
    effective_from = Day(required=True)
    state = fields.String(required=True)
    rules = fields.List(fields.Dict(), required=True)
    drafted_by = fields.String(required=True)
    activated_by = fields.String(required=True, allow_none=True)
    activated_at = Moment(required=True, allow_none=True)


class EnrolmentIn(Schema):
    creator = Ref()


class ReasonIn(Schema):
    reason = Text(most=500, allow_none=True, load_default=None)


class EnrolmentOut(Schema):
    id = fields.String(required=True)
    program = Ref(required=True)
    creator = Ref(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class FormulaIn(Schema):
    grain = Choice(*GRAINS, required=True)
    formula = fields.String(required=True)


class FormulaOut(Schema):
    type = fields.String(required=True)
    names = fields.List(fields.String(), required=True)
    sql = fields.String(required=True)


class EvaluateIn(FormulaIn):
    values = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)


class EvaluateOut(Schema):
    value = fields.String(required=True)
    explain = fields.Dict(required=True)


class PolicyOut(Schema):
    id = Ref(required=True)
    model = fields.String(required=True)
    scope = fields.String(required=True)
    click_window_hours = fields.Integer(required=True)
    view_window_hours = fields.Integer(required=True)
    created_at = Moment(required=True)


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


@operation(blp, "GET", "/programs", roles=(*READERS, "creator"), answer=ProgramOut, many=True)
def list_programs(session: Session, query: dict[str, Any]) -> Page:
    """Programs"""
    rows = programs.list_programs(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/programs/<id>", roles=(*READERS, "creator"), answer=ProgramOut)
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


@operation(blp, "GET", "/programs/<id>/versions", roles=(*READERS, "creator"), answer=VersionOut, many=True)
def list_versions(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's versions with their rules"""
    after = after_of(query, int) or 0
    rows = [each for each in programs.list_versions(session, id) if each.number > after]
    return page(rows[: query["limit"] + 1], query["limit"], lambda row: row.number)


@operation(blp, "GET", "/programs/<id>/versions/<int:n>", roles=(*READERS, "creator"), answer=VersionOut)
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


@operation(
    blp, "POST", "/programs/<id>/enrolments", roles=("creator", "operator"), body=EnrolmentIn, answer=EnrolmentOut,
    status=201, idempotent=True,
)  # fmt: skip
def enrol(session: Session, body: dict[str, Any], id: str) -> Any:
    """A creator applies; an operator invites"""
    who, by_creator = caller(), caller().role == "creator"
    creator = body.get("creator", who.subject)
    if creator is None or (by_creator and creator != who.subject):
        raise Invalid(
            "bad_creator", "A creator applies for itself; an operator names the creator.", pointer="/creator"
        )
    return members.enrol(session, id, creator, by_creator, runtime().now())


@operation(blp, "GET", "/programs/<id>/enrolments", roles=(*STAFF, "creator"), answer=EnrolmentOut, many=True)
def list_enrolments(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's enrolments; a creator sees its own"""
    programs.get_program(session, id)
    rows = members.list_enrolments(session, id, caller().subject, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/enrolments/<id>", roles=(*STAFF, "creator"), answer=EnrolmentOut)
def get_enrolment(session: Session, id: str) -> Any:
    """One enrolment"""
    found = members.get_enrolment(session, id)
    if caller().subject not in (None, found.creator):
        raise NotFound("not_found", "No such enrolment.")
    return found


def _decision(action: str, about: str) -> None:
    def decide(session: Session, body: dict[str, Any], id: str) -> Any:
        return members.decide(session, id, action, caller().person, body["reason"], runtime().now())

    decide.__name__, decide.__doc__ = f"{action}_enrolment", about
    operation(
        blp,
        "POST",
        f"/enrolments/<id>/{action}",
        roles=OPERATOR,
        body=ReasonIn,
        answer=EnrolmentOut,
        idempotent=True,
    )(decide)


_decision("approve", "Let the creator earn from now on")
_decision("reject", "Refuse an application or take back an invitation")
_decision("suspend", "Stop earning now; what was posted stays")
_decision("reactivate", "Let a suspended creator earn again from now on")


@operation(
    blp,
    "POST",
    "/formulas/check",
    roles=(*STAFF, "platform", "creator", "seller"),
    body=FormulaIn,
    answer=FormulaOut,
)
def check_formula(session: Session, body: dict[str, Any]) -> Any:
    """Is a formula right? Its type, names and SQL, or where it is wrong"""
    made = compile_formula(body["formula"], body["grain"], None)
    return {"type": str(made.type), "names": list(made.names), "sql": made.sql_text()}


@operation(
    blp,
    "POST",
    "/formulas/evaluate",
    roles=(*STAFF, "platform", "creator", "seller"),
    body=EvaluateIn,
    answer=EvaluateOut,
)
def evaluate_formula(session: Session, body: dict[str, Any]) -> Any:
    """What a formula gives for some values, term by term"""
    made = compile_formula(body["formula"], body["grain"], None)
    unknown = sorted(set(body["values"]) - set(NAMES[body["grain"]]))
    if unknown:
        raise Invalid(
            "formula_value", f"No such names at {body['grain']}: {', '.join(unknown[:5])}", pointer="/values"
        )
    explained = made.explain(body["values"]).as_json()
    return {"value": explained["value"], "explain": explained}


@operation(blp, "GET", "/policies", roles=READERS, answer=PolicyOut, many=True)
def list_policies(session: Session, query: dict[str, Any]) -> Page:
    """Attribution policies"""
    after = after_of(query) or ""
    rows = session.execute(
        select(policy).where(policy.c.id > after).order_by(policy.c.id).limit(query["limit"] + 1)
    ).all()
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/policies/<id>", roles=READERS, answer=PolicyOut)
def get_policy(session: Session, id: str) -> Any:
    """One attribution policy"""
    row = session.execute(select(policy).where(policy.c.id == id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No policy {id!r}.")
    return row
