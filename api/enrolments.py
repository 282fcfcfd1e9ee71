"""Enrolments: who may earn in a program."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Moment, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from core.errors import Invalid, NotFound
from rewards import members, programs

blp = Blueprint("enrolments", "enrolments", url_prefix="/v1", description="Who may earn in a program")
OPERATOR = ("operator",)


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
