"""Enrolments: who may earn in a program."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from core.errors import Invalid, NotFound
from payouts.hold_creator import hold_creator, release_creator
from rewards import decide as deciding
from rewards import enrol as enrolling
from rewards import members, programs

blp = Blueprint("enrolments", "enrolments", url_prefix="/v1", description="Who may earn in a program")
OPERATOR = ("operator",)


class EnrolmentIn(Schema):
    creator = Ref()
    terms = Text(most=64, allow_none=True, load_default=None)


class EnrolmentQuery(PageQuery):
    state = Choice(*members.STATES, load_default=None)


class ReasonIn(Schema):
    reason = Text(most=500, allow_none=True, load_default=None)


class MembershipSchema(Schema):
    since = Moment(required=True)
    until = Moment(required=True, allow_none=True)


class EnrolmentOut(Schema):
    id = fields.String(required=True)
    program = Ref(required=True)
    creator = Ref(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    terms = fields.String(required=True, allow_none=True)
    terms_at = Moment(required=True, allow_none=True)
    memberships = fields.List(fields.Nested(MembershipSchema), required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


@operation(
    blp, "POST", "/programs/<id>/enrolments", roles=("creator", "operator"), body=EnrolmentIn, answer=EnrolmentOut,
    status=201, idempotent=True,
)  # fmt: skip
def enrol(session: Session, body: dict[str, Any], id: str) -> Any:
    """A creator applies, or accepts an invitation; an operator invites"""
    who, now, by_creator = caller(), runtime().now(), caller().role == "creator"
    creator = body.get("creator", who.subject)
    if creator is None or (by_creator and creator != who.subject):
        raise Invalid(
            "bad_creator", "A creator applies for itself; an operator names the creator.", pointer="/creator"
        )
    if by_creator:
        return enrolling.apply(session, id, creator, body["terms"], now)
    if body["terms"] is not None:
        raise Invalid("bad_terms", "The creator alone accepts terms, when it applies.", pointer="/terms")
    return enrolling.invite(session, id, creator, who.person, now)


@operation(
    blp,
    "GET",
    "/programs/<id>/enrolments",
    roles=(*STAFF, "creator"),
    query=EnrolmentQuery,
    answer=EnrolmentOut,
    many=True,
)
def list_enrolments(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's enrolments; a creator sees its own"""
    programs.get_program(session, id)
    most, after = query["limit"] + 1, after_of(query, int)
    rows = members.list_enrolments(session, id, caller().subject, most, after, query["state"])
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/enrolments/<id>", roles=(*STAFF, "creator"), answer=EnrolmentOut)
def get_enrolment(session: Session, id: str) -> Any:
    """One enrolment"""
    found = members.get_enrolment(session, id)
    if caller().subject not in (None, found.creator):
        raise NotFound("not_found", "No such enrolment.")
    return found


@operation(blp, "POST", "/enrolments/<id>/leave", roles=("creator",), answer=EnrolmentOut, idempotent=True)
def leave_enrolment(session: Session, id: str) -> Any:
    """Go, take an application back, or decline an invitation; what was earned stays"""
    if members.get_enrolment(session, id).creator != caller().subject:
        raise NotFound("not_found", "No such enrolment.")
    return deciding.leave(session, id, runtime().now())


def _decision(action: str, about: str, then: Callable[..., None] | None = None) -> None:
    def decide(session: Session, body: dict[str, Any], id: str) -> Any:
        who, now = caller().person, runtime().now()
        found = deciding.decide(session, id, action, who, body["reason"], now)
        if then is not None:
            then(session, found, who, now)
        return found

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


def _cause(found: members.Enrolment) -> str:
    return f"program:{found.program}"


def _hold(session: Session, found: members.Enrolment, who: str, now: datetime) -> None:
    reason = f"suspended in program {found.program}" + (f": {found.reason}" if found.reason else "")
    hold_creator(session, found.creator, _cause(found), reason, who, now)


def _release(session: Session, found: members.Enrolment, who: str, now: datetime) -> None:
    release_creator(session, found.creator, _cause(found), now)


_decision("approve", "Let the creator earn from now on")
_decision("reject", "Refuse an application or take back an invitation")
_decision("suspend", "Stop earning and hold all payouts now; what was posted stays", _hold)
_decision("reactivate", "Let a suspended creator earn and be paid again from now on", _release)
