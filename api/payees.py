"""Who is paid where: told by the creator or finance, vouched for by another person."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import Choice, Flag, Moment, MoneyField, Ref, Text
from api.operation import caller, operation
from api.runtime import runtime
from payouts import payee as payees

blp = Blueprint("payees", "payees", url_prefix="/v1", description="Who is paid where")
FINANCE = ("finance",)


class PayeeIn(Schema):
    tax_status = Choice(*payees.TAX_STATUSES, required=True)
    method = Choice(*payees.METHODS, required=True)
    destination = fields.Dict(
        keys=Text(most=32), values=Text(most=200), required=True, validate=validate.Length(1, 20)
    )
    minimum = MoneyField(load_default=None, allow_none=True)


class VerifyIn(Schema):
    updated_at = Moment(allow_none=True, load_default=None)


class PayeeHoldIn(Schema):
    reason = Text(most=500, required=True)


class PayeeOut(Schema):
    creator = Ref(required=True)
    tax_status = fields.String(required=True)
    method = fields.String(required=True)
    destination = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    minimum = MoneyField(required=True, allow_none=True)
    verified = Flag(required=True)
    verified_by = fields.String(required=True, allow_none=True)
    account_known = Flag(required=True, allow_none=True)
    hold_reason = fields.String(required=True, allow_none=True)
    updated_at = Moment(required=True)


@operation(
    blp, "GET", "/creators/<id>/payee", roles=("finance", "auditor", "creator"), own="id", answer=PayeeOut
)
def get_payee(session: Session, id: str) -> Any:
    """Who is paid where, masked"""
    return payees.get_payee(session, runtime().vault, id)


@operation(
    blp, "PUT", "/creators/<id>/payee", roles=("finance", "creator"), own="id", body=PayeeIn, answer=PayeeOut
)
def put_payee(session: Session, body: dict[str, Any], id: str) -> Any:
    """Say who is paid where; finance verifies it before money goes there"""
    return payees.put_payee(session, runtime().vault, id, **body, person=caller().person, now=runtime().now())


@operation(
    blp,
    "POST",
    "/creators/<id>/payee/verify",
    roles=FINANCE,
    body=VerifyIn,
    answer=PayeeOut,
    idempotent=True,
)
def verify_payee(session: Session, body: dict[str, Any], id: str) -> Any:
    """Vouch for what another person entered; with `updated_at`, only for the payee as it was shown then

    Of the method stripe: an account that we know to be another creator's, or deleted, is refused. One that the creator did
    not open through us is allowed, and `account_known` is false: look at it in Stripe's pages first.
    """
    payees.verify_payee(
        session, runtime().vault, id, caller().person, runtime().now(), seen=body["updated_at"]
    )
    return payees.get_payee(session, runtime().vault, id)


@operation(
    blp,
    "POST",
    "/creators/<id>/payee/hold",
    roles=FINANCE,
    body=PayeeHoldIn,
    answer=PayeeOut,
    idempotent=True,
)
def hold_payee(session: Session, body: dict[str, Any], id: str) -> Any:
    """Let nothing be drafted for or sent to a creator until released"""
    payees.hold_payee(session, id, body["reason"], caller().person)
    return payees.get_payee(session, runtime().vault, id)


@operation(blp, "POST", "/creators/<id>/payee/release", roles=FINANCE, answer=PayeeOut, idempotent=True)
def release_payee(session: Session, id: str) -> Any:
    """End a payee's hold"""
    payees.release_payee(session, id, caller().person)
    return payees.get_payee(session, runtime().vault, id)
