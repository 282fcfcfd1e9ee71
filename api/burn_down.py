"""The burn-down of a fund: its lines day by day, and when each runs dry."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Day, Ref
from api.operation import STAFF, operation
from api.runtime import runtime
from rewards import burn_down as burning

blp = Blueprint("burn_down", "burn_down", url_prefix="/v1", description="A fund's burn-down")


class BurnQuery(Schema):
    since = Day(data_key="from", load_default=None)
    until = Day(data_key="to", load_default=None)


class BurnDayOut(Schema):
    day = Day(required=True)
    opening = AmountField(required=True)
    allocated = AmountField(required=True)
    transferred = AmountField(required=True)
    adjusted = AmountField(required=True)
    rewards = AmountField(required=True)
    grants = AmountField(required=True)
    taken_back = AmountField(required=True)
    closing = AmountField(required=True)


class BurnLineOut(Schema):
    id = Ref(required=True)
    purpose = fields.String(required=True)
    per = fields.String(required=True)
    balance = AmountField(required=True)
    daily = AmountField(required=True)
    dry_on = Day(required=True, allow_none=True)
    period_from = Day(attribute="since", required=True)
    period_given = AmountField(attribute="given", required=True)
    period_spent_percent = fields.Integer(attribute="percent", required=True)
    warning = fields.Integer(required=True, allow_none=True)
    days = fields.List(fields.Nested(BurnDayOut), required=True)


class BurnDownOut(Schema):
    fund = Ref(required=True)
    currency = fields.String(required=True)
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    budget = AmountField(required=True)
    deposited = AmountField(required=True)
    budget_left = AmountField(required=True)
    unallocated = AmountField(required=True)
    lines = fields.List(fields.Nested(BurnLineOut), required=True)


@operation(blp, "GET", "/funds/<id>/burn-down", roles=STAFF, query=BurnQuery, answer=BurnDownOut)
def burn_down(session: Session, query: dict[str, Any], id: str) -> Any:
    """How a fund's lines were spent by day of the books, and on which day each will run dry

    The last 30 days unless said otherwise. `dry_on` is the first day whose spending the line could not pay whole, if it
    is spent as in the last week and receives its coming allocations out of what is unallocated now; null: not in a year.
    """
    return burning.burn_down(session, id, runtime().now(), runtime().settings, query["since"], query["until"])
