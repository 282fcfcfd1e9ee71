"""The platform's fee on bounties, dated."""

import re
from decimal import Decimal
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm import Session

from api.fields import Day, Moment, MoneyField
from api.operation import EVERYONE, caller, operation
from api.runtime import runtime
from bounties.fees import MILLION, list_fees, set_fee

blp = Blueprint("bounty_fees", "bounty_fees", url_prefix="/v1", description="The platform's fee on bounties")
_PERCENT = r"^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$"


class PercentField(fields.String):
    """ "5" or "12.5": per cent as decimal text, at most four digits after the point; millionths inside."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": _PERCENT}, **options)

    def _serialize(self, value: int, attr: Any, obj: Any, **kwargs: Any) -> str:
        return f"{Decimal(value) * 100 / MILLION:f}"

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(_PERCENT, value, re.ASCII):
            raise ValidationError('Not per cent from "0" to "100", with at most four digits after the point.')
        return int(Decimal(value) * MILLION / 100)


class FeeIn(Schema):
    effective_from = Day(required=True)
    percent = PercentField(required=True)
    minimum = MoneyField(required=True, positive=False)


class FeeOut(Schema):
    effective_from = Day(required=True)
    percent = PercentField(required=True, attribute="rate")
    minimum = MoneyField(required=True)
    set_by = fields.String(required=True)
    created_at = Moment(required=True)


class FeesOut(Schema):
    data = fields.List(fields.Nested(FeeOut), required=True)


@operation(
    blp, "POST", "/bounty-fees", roles=("finance",), body=FeeIn, answer=FeeOut, status=201, idempotent=True
)
def create_bounty_fee(session: Session, body: dict[str, Any]) -> Any:
    """Set the fee from a day on, in the minimum's currency; what is open keeps the fee that it opened with"""
    now = runtime().now()
    today = now.astimezone(runtime().settings.zone).date()
    return set_fee(
        session, body["effective_from"], body["percent"], body["minimum"], caller().person, today, now
    )


@operation(blp, "GET", "/bounty-fees", roles=EVERYONE, answer=FeesOut)
def get_bounty_fees(session: Session) -> Any:
    """All terms, by currency and day"""
    return {"data": list_fees(session)}
