"""Programs: ways for creators to earn."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from api.fields import Choice, Currency, Flag, Moment, Ref, Text, Whole
from api.operation import STAFF, operation
from api.paging import Page, after_of, page
from catalog.limits import MAX_REGION
from rewards import programs

blp = Blueprint("programs", "programs", url_prefix="/v1", description="Programs: ways for creators to earn")
READERS = (*STAFF, "platform", "creator")
MOST_REGIONS = 1000
MOST_FOLLOWERS = 10**12


class FundingSchema(Schema):
    fund = Ref()
    line = Ref()
    seller = Flag()

    @validates_schema(skip_on_field_errors=True)
    def _one_form(self, data: dict[str, Any], **_: Any) -> None:
        if data != {"seller": True} and data.keys() != {"fund", "line"}:
            raise ValidationError("Say who pays: a fund and its line, or seller: true.")


class EligibilitySchema(Schema):
    regions = fields.List(
        Text(most=MAX_REGION), allow_none=True, load_default=None, validate=validate.Length(1, MOST_REGIONS)
    )
    min_followers = Whole(0, MOST_FOLLOWERS, allow_none=True, load_default=None)
    rollout_percent = Whole(0, 100, allow_none=True, load_default=None)


class ProgramIn(Schema):
    id = Ref(required=True)
    name = Text(required=True)
    currency = Currency(required=True)
    funding = fields.Nested(FundingSchema, required=True)
    policy = Ref(load_default="default")
    hold_days = Whole(0, 365, load_default=14)
    open = Choice("applications", "invite", "all", required=True)
    eligibility = fields.Nested(EligibilitySchema, load_default=dict)
    terms = Text(most=programs.MOST_TERMS, allow_none=True, load_default=None)
    rate_protection_days = Whole(0, 365, load_default=0)


class JoiningIn(Schema):
    eligibility = fields.Nested(EligibilitySchema, required=True)
    terms = Text(most=programs.MOST_TERMS, allow_none=True, load_default=None)


class ProgramOut(Schema):
    id = Ref(required=True)
    name = fields.String(required=True)
    currency = fields.String(required=True)
    funding = fields.Nested(FundingSchema, required=True)
    policy = Ref(required=True)
    hold_days = fields.Integer(required=True)
    open = fields.String(required=True)
    eligibility = fields.Nested(EligibilitySchema, required=True)
    terms = fields.String(required=True, allow_none=True)
    rate_protection_days = fields.Integer(required=True)
    created_at = Moment(required=True)


@operation(
    blp, "POST", "/programs", roles=("operator",), body=ProgramIn, answer=ProgramOut, status=201, idempotent=True
)  # fmt: skip
def create_program(session: Session, body: dict[str, Any]) -> Any:
    """Create a program; it pays nobody until a version is active"""
    plain = {name: value for name, value in body.items() if name not in ("funding", "eligibility")}
    funding = {name: body["funding"].get(name) for name in ("fund", "line")}
    return programs.create_program(session, programs.NewProgram(**plain, **funding, **body["eligibility"]))


@operation(
    blp, "PUT", "/programs/<id>/joining", roles=("operator",), body=JoiningIn, answer=ProgramOut
)  # fmt: skip
def put_joining(session: Session, body: dict[str, Any], id: str) -> Any:
    """Set who may join from now on, and to which terms; members stay members"""
    return programs.change_joining(session, id, **body["eligibility"], terms=body["terms"])


@operation(blp, "GET", "/programs", roles=READERS, answer=ProgramOut, many=True)
def list_programs(session: Session, query: dict[str, Any]) -> Page:
    """Programs"""
    rows = programs.list_programs(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/programs/<id>", roles=READERS, answer=ProgramOut)
def get_program(session: Session, id: str) -> Any:
    """A program"""
    return programs.get_program(session, id)
