"""Why a creator was given what it was given, or nothing."""

import re
from datetime import date
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm import Session

from api.creators import READERS, RewardOut, own_reward
from api.explain_steps import StepsOut
from api.fields import Day, Moment, MoneyField, Ref
from api.operation import caller, operation
from api.programs import FundingSchema
from api.runtime import runtime
from core.errors import Invalid, NotFound
from core.money import Money
from payouts.paid_with import paid_with
from payouts.store import Payout
from rewards import explain, explain_zero, read
from rewards.explain_story import Question

blp = Blueprint("explain", "explain", url_prefix="/v1", description="Why a reward is what it is")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)


class Month(fields.String):
    """YYYY-MM, in the years 2000 to 2099; its first day."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _MONTH.fullmatch(value):
            raise ValidationError("Not a month such as 2026-11.")
        return date.fromisoformat(f"{value}-01")


class ExplainedProgramOut(Schema):
    id = Ref(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)
    in_force_from = Day(required=True)
    in_force_until = Day(required=True, allow_none=True)
    currency = fields.String(required=True)
    funding = fields.Nested(FundingSchema, required=True)
    policy = Ref(required=True)
    hold_days = fields.Integer(required=True)
    rate_protection_days = fields.Integer(required=True)


class ExplainedCapOut(Schema):
    per = fields.String(required=True)
    amount = MoneyField(required=True)


class ExplainedPoolOut(Schema):
    amount = MoneyField(required=True)
    per = fields.String(required=True)
    weight = fields.String(required=True)
    top = fields.Integer(required=True, allow_none=True)


class ExplainedRuleOut(Schema):
    name = fields.String(required=True)
    grain = fields.String(required=True)
    where = fields.String(required=True, allow_none=True)
    amount = fields.String(required=True, allow_none=True)
    caps = fields.List(fields.Nested(ExplainedCapOut), required=True)
    pool = fields.Nested(ExplainedPoolOut, required=True, allow_none=True)
    on_shortfall = fields.String(required=True)
    sentence = fields.String(required=True)


class PaidWithOut(Schema):
    id = fields.String(required=True)
    state = fields.String(required=True)
    amount = MoneyField(required=True)
    created_at = Moment(required=True)
    settled_at = Moment(required=True, allow_none=True)
    sentence = fields.String(required=True)


class ExplainOut(StepsOut):
    reward = fields.Nested(RewardOut, required=True)
    program = fields.Nested(ExplainedProgramOut, required=True)
    rule = fields.Nested(ExplainedRuleOut, required=True)
    payout = fields.Nested(PaidWithOut, required=True, allow_none=True)


class QuestionIn(Schema):
    creator = Ref(load_default=None)
    day = Day(load_default=None)
    month = Month(load_default=None)
    order = Ref(load_default=None)
    product = Ref(load_default=None)
    content = Ref(load_default=None)
    rule = Ref(load_default=None)


class IntervalOut(Schema):
    since = Moment(required=True)
    until = Moment(required=True, allow_none=True)


class KeyStoryOut(Schema):
    key = fields.String(required=True)
    content = Ref(required=True, allow_none=True)
    product = Ref(required=True, allow_none=True)
    outcome = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    sentences = fields.List(fields.String(), required=True)
    estimate = MoneyField(required=True, allow_none=True)
    inputs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    where = fields.Dict(required=True, allow_none=True)
    formula = fields.Dict(required=True, allow_none=True)
    steps = fields.Nested(StepsOut, required=True, allow_none=True)


class RuleStoryOut(Schema):
    rule = fields.String(required=True)
    version = fields.Integer(required=True)
    grain = fields.String(required=True)
    outcome = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    sentences = fields.List(fields.String(), required=True)
    keys = fields.List(fields.Nested(KeyStoryOut), required=True)


class OtherRuleOut(Schema):
    rule = fields.String(required=True)
    ask_for = fields.String(required=True)


class StoryOut(Schema):
    program = Ref(required=True)
    creator = Ref(required=True)
    day = Day(required=True, allow_none=True)
    month = fields.String(required=True, allow_none=True)
    order = Ref(required=True, allow_none=True)
    product = Ref(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    outcome = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    sentences = fields.List(fields.String(), required=True)
    memberships = fields.List(fields.Nested(IntervalOut), required=True)
    rules = fields.List(fields.Nested(RuleStoryOut), required=True)
    other_rules = fields.List(fields.Nested(OtherRuleOut), required=True)


@operation(blp, "GET", "/rewards/<id>/explain", roles=READERS, answer=ExplainOut)
def explain_reward(session: Session, id: str) -> Any:
    """Where a reward comes from: rule, figures, each term, caps and cuts, and where the money is"""
    shown, row = read.get_reward(session, id)
    own_reward(shown)
    told = explain.explain_reward(session, id, runtime().settings)
    paid = _paid(session, shown, row.release_entry_id)
    more = [paid["sentence"]] if paid else []
    return told | {"payout": paid, "sentences": [*told["sentences"], *more]}


def _paid(session: Session, shown: read.Reward, release_entry: int | None) -> dict[str, Any] | None:
    """What was taken back is in no payout, and what was not released either."""
    if release_entry is None or shown.amount.micros <= 0:
        return None
    found = paid_with(session, shown.creator, shown.amount.currency, release_entry)
    return None if found is None else _shown(found)


def _shown(found: Payout) -> dict[str, Any]:
    names = ("id", "state", "created_at", "settled_at")
    amount: Money = found.amount
    verb = "Paid out" if found.state == "paid" else "To be paid out"
    sentence = f"{verb} with or after payout {found.id} of {amount}, which is {found.state}."
    return {name: getattr(found, name) for name in names} | {"amount": amount, "sentence": sentence}


@operation(blp, "GET", "/programs/<id>/explain", roles=READERS, query=QuestionIn, answer=StoryOut)
def explain_program(session: Session, query: dict[str, Any], id: str) -> Any:
    """Why a creator got this or nothing: what each rule made of a day, a month or a sale; a creator asks for itself"""
    own = caller().subject if caller().role == "creator" else None
    creator = query["creator"] or own
    if creator is None:
        raise Invalid("creator_missing", "Say whose rewards you ask about.", pointer="/creator")
    if own not in (None, creator):
        raise NotFound("not_found", "No such creator.")
    question = Question(**(query | {"creator": creator}), discreet=own is not None)
    return explain_zero.explain_program(session, id, question, runtime().now(), runtime().settings)
