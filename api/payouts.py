"""Payout runs: drafted by one person, approved by another, settled by finance."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import Choice, Currency, Day, Moment, MoneyField, Ref, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from core.errors import NotFound
from core.money import minor_micros
from payouts import approve, cancel, hold, read, register, request, settings, settle
from payouts.store import PROVIDERS

blp = Blueprint("payouts", "payouts", url_prefix="/v1", description="Payout settings, runs, payouts")
FINANCE = ("finance",)


class SettingsSchema(Schema):
    schedule = fields.String(required=True, metadata={"pattern": settings.SCHEDULE_PATTERN})
    minimum = MoneyField(required=True)
    provider = Choice(*PROVIDERS, required=True)
    approval_limit = MoneyField(required=True, allow_none=True)


class CurrencyQuery(Schema):
    currency = Currency(load_default="RUB")


class RunIn(Schema):
    currency = Currency(required=True)
    provider = Choice(*PROVIDERS, required=True)
    until = Day(allow_none=True, load_default=None)
    creators = fields.List(Ref(), allow_none=True, load_default=None, validate=validate.Length(1, 10_000))


class RunOut(Schema):
    id = fields.String(required=True)
    currency = fields.String(required=True)
    provider = fields.String(required=True)
    until = Day(required=True, allow_none=True)
    creators = fields.List(Ref(), required=True, allow_none=True)
    state = fields.String(required=True)
    drafted_by = fields.String(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = Moment(required=True, allow_none=True)
    confirmed_by = fields.String(required=True, allow_none=True)
    cancelled_by = fields.String(required=True, allow_none=True)
    payout_count = fields.Integer(required=True)
    total = MoneyField(required=True)
    created_at = Moment(required=True)


class PayoutOut(Schema):
    id = fields.String(required=True)
    run = fields.String(required=True)
    creator = Ref(required=True)
    amount = MoneyField(required=True)
    tax = MoneyField(required=True)
    tax_kind = fields.String(required=True, allow_none=True)
    reversed = MoneyField(required=True)
    state = fields.String(required=True)
    hold_reason = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)


class RunQuery(PageQuery):
    state = fields.String(load_default=None)


class PayoutQuery(RunQuery):
    run = fields.String(load_default=None)
    creator = Ref(load_default=None)


class HoldIn(Schema):
    reason = Text(most=500, required=True)


class SettleIn(Schema):
    outcome = Choice("paid", "failed", "returned", required=True)
    reference = Text(most=140, required=True)


def _settings(found: settings.PayoutSettings) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("schedule", "minimum", "provider", "approval_limit")}


@operation(blp, "GET", "/payout-settings", roles=STAFF, query=CurrencyQuery, answer=SettingsSchema)
def get_settings(session: Session, query: dict[str, Any]) -> Any:
    """How a currency is paid out"""
    return _settings(settings.get_settings(session, query["currency"]))


@operation(blp, "PUT", "/payout-settings", roles=FINANCE, body=SettingsSchema, answer=SettingsSchema)
def put_settings(session: Session, body: dict[str, Any]) -> Any:
    """Set how a currency (the minimum's) is paid out"""
    return _settings(settings.put_settings(session, body["minimum"].currency, **body, now=runtime().now()))


@operation(blp, "POST", "/payout-runs", roles=FINANCE, body=RunIn, answer=RunOut, status=201, idempotent=True)
def create_run(session: Session, body: dict[str, Any]) -> Any:
    """Ask for a run: a job reserves what is payable and turns it into a draft"""
    minor_micros(body["currency"])
    return request.request_run(session, **body, person=caller().person, now=runtime().now())


@operation(blp, "GET", "/payout-runs", roles=STAFF, query=RunQuery, answer=RunOut, many=True)
def list_runs(session: Session, query: dict[str, Any]) -> Page:
    """Payout runs, newest first"""
    rows = read.list_runs(session, state=query["state"], limit=query["limit"] + 1, after=after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/payout-runs/<id>", roles=STAFF, answer=RunOut)
def get_run(session: Session, id: str) -> Any:
    """A payout run"""
    return read.get_run(session, id)


@operation(blp, "POST", "/payout-runs/<id>/approve", roles=FINANCE, answer=RunOut, idempotent=True)
def approve_run(session: Session, id: str) -> Any:
    """Approve what another person drafted"""
    return approve.approve_run(session, id, caller().person, runtime().now())


@operation(blp, "POST", "/payout-runs/<id>/cancel", roles=FINANCE, answer=RunOut, idempotent=True)
def cancel_run(session: Session, id: str) -> Any:
    """Give everything back; nothing of the run was sent yet"""
    return cancel.cancel_run(session, id, caller().person, runtime().now())


@operation(blp, "GET", "/payout-runs/<id>/register", roles=FINANCE, produces="text/csv")
def get_register(session: Session, id: str) -> Response:
    """The register of a manual run as CSV: whom to pay, where, how much"""
    lines = "".join(register.register_csv(session, runtime().vault, id))
    answer = Response(lines.encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{id}.csv"'
    return answer


@operation(blp, "GET", "/payouts", roles=STAFF, query=PayoutQuery, answer=PayoutOut, many=True)
def list_payouts(session: Session, query: dict[str, Any]) -> Page:
    """Payouts, newest first"""
    rows = read.list_payouts(
        session,
        run=query["run"],
        creator=query["creator"],
        state=query["state"],
        limit=query["limit"] + 1,
        after=after_of(query),
    )
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/payouts/<id>", roles=(*STAFF, "creator"), answer=PayoutOut)
def get_payout(session: Session, id: str) -> Any:
    """A payout"""
    found = read.get_payout(session, id)
    if caller().subject not in (None, found.creator):
        raise NotFound("not_found", "No such payout.")
    return found


@operation(blp, "POST", "/payouts/<id>/hold", roles=FINANCE, body=HoldIn, answer=PayoutOut, idempotent=True)
def hold_payout(session: Session, body: dict[str, Any], id: str) -> Any:
    """Keep a payout from being sent"""
    return hold.hold_payout(session, id, body["reason"], caller().person)


@operation(blp, "POST", "/payouts/<id>/release", roles=FINANCE, answer=PayoutOut, idempotent=True)
def release_payout(session: Session, id: str) -> Any:
    """End a hold"""
    return hold.release_payout(session, id, caller().person)


@operation(blp, "POST", "/payouts/<id>/cancel", roles=FINANCE, answer=PayoutOut, idempotent=True)
def cancel_payout(session: Session, id: str) -> Any:
    """Give a payout back to the creator's balance"""
    return cancel.cancel_payout(session, id, caller().person, runtime().now())


@operation(
    blp, "POST", "/payouts/<id>/settle", roles=FINANCE, body=SettleIn, answer=PayoutOut, idempotent=True
)
def settle_payout(session: Session, body: dict[str, Any], id: str) -> Any:
    """Say what the bank did with a payout that was sent by hand"""
    return settle.settle(session, id, body["outcome"], body["reference"], caller().person, runtime().now())
