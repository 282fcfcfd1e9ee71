"""Creators' connected accounts at Stripe: the link that opens one, its state, its payouts to the creator's bank."""

from datetime import datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from api.fields import Flag, Moment, MoneyField, Ref
from api.operation import STAFF, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from payouts.stripe import accounts, bank_payouts, onboarding

blp = Blueprint("onboarding", "onboarding", url_prefix="/v1", description="Creators' accounts at Stripe")
READERS = (*STAFF, "creator")


class Link(fields.Url):
    """An address of a page that a person is sent to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(schemes={"https"}, require_tld=False, validate=validate.Length(1, 1000), **options)


class OnboardingIn(Schema):
    return_url = Link(required=True)
    refresh_url = Link(required=True)
    country = fields.String(validate=validate.Regexp(r"^[A-Z]{2}\Z"), allow_none=True, load_default=None)


class OnboardingOut(Schema):
    creator = Ref(required=True)
    account = fields.String(required=True)
    url = fields.String(required=True)
    expires_at = Moment(required=True)


class ProviderAccountOut(Schema):
    creator = Ref(required=True)
    account = fields.String(required=True)
    transfers = fields.String(required=True)
    payouts_enabled = Flag(required=True)
    disabled_reason = fields.String(required=True, allow_none=True)
    deleted = Flag(required=True)
    seen_at = Moment(required=True, allow_none=True)


class ProviderPayoutOut(Schema):
    id = fields.String(required=True)
    account = fields.String(required=True)
    amount = MoneyField(required=True)
    state = fields.String(required=True)
    failure = fields.String(required=True, allow_none=True)
    arrives_at = Moment(required=True)
    seen_at = Moment(required=True)


def _ask_link(body: dict[str, Any], id: str) -> onboarding.Link:
    return onboarding.ask_link(runtime().engine, runtime().settings, id, **body)


@operation(
    blp,
    "POST",
    "/creators/<id>/onboarding-link",
    roles=("finance", "creator"),
    own="id",
    body=OnboardingIn,
    answer=OnboardingOut,
    idempotent=True,
    first=_ask_link,
)
def create_onboarding_link(
    session: Session, link: onboarding.Link, body: dict[str, Any], id: str
) -> onboarding.Onboarding:
    """A link that opens once: the creator opens or completes its account at Stripe"""
    return onboarding.give_link(session, link, runtime().now())


@operation(blp, "GET", "/creators/<id>/provider-account", roles=READERS, own="id", answer=ProviderAccountOut)
def get_provider_account(session: Session, id: str) -> Any:
    """A creator's account at Stripe as it was last seen"""
    return accounts.get_account(session, id)


@operation(
    blp,
    "GET",
    "/creators/<id>/provider-payouts",
    roles=READERS,
    own="id",
    answer=ProviderPayoutOut,
    many=True,
)
def list_provider_payouts(session: Session, query: dict[str, Any], id: str) -> Page:
    """What Stripe sent from the creator's account to the creator's bank, the last to arrive first"""
    after = after_of(query)
    arrival, _, last = (after or "").partition(" ")
    key = (datetime.fromisoformat(arrival), last) if after else None
    rows = bank_payouts.list_bank_payouts(session, id, query["limit"] + 1, key)
    return page(rows, query["limit"], lambda row: f"{row.arrives_at.isoformat()} {row.id}")
