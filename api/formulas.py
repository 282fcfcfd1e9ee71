"""Formulas to try, and the attribution policies."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, Ref
from api.operation import STAFF, operation
from api.paging import Page, after_of, page
from attribution.tables import policy
from core.errors import Invalid, NotFound
from formula import GRAINS, NAMES, compile_formula

blp = Blueprint("formulas", "formulas", url_prefix="/v1", description="Formulas to try, attribution policies")
READERS = (*STAFF, "platform")


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
