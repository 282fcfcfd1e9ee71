"""Formulas to try."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice
from api.operation import STAFF, operation
from core.errors import Invalid
from formula import GRAINS, NAMES, Formula, compile_formula

blp = Blueprint("formulas", "formulas", url_prefix="/v1", description="Formulas to try")


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
    made = _compiled(body)
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
    made = _compiled(body)
    unknown = sorted(set(body["values"]) - set(NAMES[body["grain"]]))
    if unknown:
        raise Invalid(
            "formula_value", f"No such names at {body['grain']}: {', '.join(unknown[:5])}", pointer="/values"
        )
    with _blaming_values():
        explained = made.explain(body["values"]).as_json()
    return {"value": explained["value"], "explain": explained}


def _compiled(body: dict[str, Any]) -> Formula:
    return compile_formula(body["formula"], body["grain"], None, pointer="/formula")


@contextmanager
def _blaming_values() -> Iterator[None]:
    """A refusal of a value names that value."""
    try:
        yield
    except Invalid as error:
        name = error.fields.get("name")
        where = f"/values/{name}" if name else "/values"
        raise Invalid(error.code, error.detail, pointer=where, **error.fields) from None
