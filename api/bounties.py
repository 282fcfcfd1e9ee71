"""Bounties: sellers' paid tasks, from the draft to the last kopeck of escrow."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.bounty_terms import BountyIn, BountyOut, BountyPatch, terms_of
from api.fields import Choice, Currency, Moment, MoneyField, Ref, Text
from api.operation import EVERYONE, STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from bounties import read
from bounties.close import cancel_bounty, close_bounty
from bounties.draft import draft_bounty, edit_bounty
from bounties.find import Bounty, bounty_of, find_bounty
from bounties.open import open_bounty
from bounties.states import BOUNTY_STATES
from core.errors import Invalid, NotFound
from core.money import Money

blp = Blueprint("bounties", "bounties", url_prefix="/v1", description="Sellers' paid tasks with escrow")
SELLER = ("seller",)


class BountyQuery(PageQuery):
    open = Choice("true", "false", load_default=None)
    fits = Choice("true", "false", load_default=None)
    state = Choice(*BOUNTY_STATES, load_default=None)
    seller = Ref(load_default=None)
    category = Text(most=64, load_default=None)
    currency = Currency(load_default=None)
    least_price = fields.String(load_default=None, metadata={"description": "with `currency`"})
    deadline_after = Moment(load_default=None)


class BountyCountsOut(Schema):
    seller = Ref(required=True)
    bounties = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    claims = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    to_review = fields.Integer(required=True)
    held = fields.List(MoneyField(), required=True)


@operation(
    blp, "POST", "/bounties", roles=SELLER, body=BountyIn, answer=BountyOut, status=201, idempotent=True
)
def create_bounty(session: Session, body: dict[str, Any]) -> Any:
    """Draft a paid task; no money moves before it opens

    With `opens_at` it opens then by itself. `fee` is the platform's of one slot, beside the price.
    """
    seller = body.pop("seller")
    if seller not in (None, caller().subject):
        raise Invalid("bad_seller", "A seller drafts bounties of its own.", pointer="/seller")
    return draft_bounty(session, str(caller().subject), terms_of(body), runtime().now(), runtime().settings)


@operation(blp, "PATCH", "/bounties/<id>", roles=SELLER, body=BountyPatch, answer=BountyOut)
def change_bounty(session: Session, body: dict[str, Any], id: str) -> Any:
    """Change what is sent: anything while nothing is claimed, more slots and a later deadline at any time

    What an open bounty then needs more leaves the seller's balance at once, what it needs less goes back.
    """
    row = find_bounty(session, id, seller=caller().subject)
    return edit_bounty(
        session, id, caller().subject, terms_of(body, row.currency), runtime().now(), runtime().settings
    )


@operation(blp, "GET", "/bounties", roles=EVERYONE, query=BountyQuery, answer=BountyOut, many=True)
def list_bounties(session: Session, query: dict[str, Any]) -> Page:
    """Bounties, newest first; a seller sees its own, a creator what is open

    `open=true`: what can be claimed now, by category, currency, least price and deadline; with `fits=true` only what the
    creator who asks may claim and has not claimed.
    """
    who = caller()
    most, before = query["limit"] + 1, after_of(query, int)
    if who.role == "seller" or (who.role != "creator" and query["open"] != "true"):
        seller = who.subject if who.role == "seller" else query["seller"]
        state = "open" if query["open"] == "true" else query["state"]
        rows = read.list_bounties(session, seller, state, most, before)
    else:
        rows = read.open_bounties(session, _asked(query), runtime().now(), most, before)
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([_shown(row) for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/bounties/<id>", roles=EVERYONE, answer=BountyOut)
def get_bounty(session: Session, id: str) -> Any:
    """One bounty; a creator sees those that have opened"""
    who = caller()
    found = bounty_of(find_bounty(session, id, seller=who.subject if who.role == "seller" else None))
    if who.role == "creator" and found.opened_at is None:
        raise NotFound("not_found", "No such bounty.")
    return _shown(found)


@operation(
    blp, "GET", "/sellers/<id>/bounty-counts", roles=(*STAFF, "seller"), own="id", answer=BountyCountsOut
)
def bounty_counts(session: Session, id: str) -> Any:
    """How a seller's bounties stand, what waits for its review, and what it has in escrow"""
    return read.seller_counts(session, id)


def _action(verb: str, act: Callable[..., Any], about: str) -> None:
    def view(session: Session, id: str) -> Any:
        return act(session, id, caller().subject, runtime().now(), runtime().settings)

    view.__name__, view.__doc__ = f"{verb}_bounty", about
    path = f"/bounties/<id>/{verb}"
    operation(blp, "POST", path, roles=SELLER, answer=BountyOut, idempotent=True)(view)


_action("open", open_bounty, "Move slots x (price + most bonus + fee) to escrow, and let creators claim")
_action("close", close_bounty, "Let nobody claim any more; what no claim may need goes back at once")
_action("cancel", cancel_bounty, "Take back what nobody has claimed, with all of its escrow")


def _asked(query: dict[str, Any]) -> dict[str, Any]:
    who, asked = (
        caller(),
        {name: query[name] for name in ("seller", "category", "currency", "deadline_after")},
    )
    if query["fits"] == "true":
        if who.role != "creator":
            raise Invalid("bad_fits", "A creator asks what fits it.", pointer="/fits")
        asked["fits"] = who.subject
    if query["least_price"] is not None:
        if query["currency"] is None:
            raise Invalid("bad_currency", "A least price needs its currency.", pointer="/currency")
        asked["least_price"] = Money.parse(query["least_price"], query["currency"]).micros
    return asked


def _shown(found: Bounty) -> Bounty:
    """A creator sees the task, and neither its money in escrow, the advertiser's contract nor who else is invited."""
    if caller().role != "creator":
        return found
    asks = found.eligibility
    if asks.invited is not None:
        asks = replace(asks, invited=[each for each in asks.invited if each == caller().subject])
    return replace(found, eligibility=asks, escrow=None, contract=None, problem=None)
