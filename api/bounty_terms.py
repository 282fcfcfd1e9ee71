"""What a seller says of a bounty, as it comes in and goes out."""

from typing import Any

from marshmallow import Schema, fields

from api.fields import Flag, Moment, MoneyField, Ref, Text, Whole
from core.errors import Invalid
from core.money import Money


def _names(**options: Any) -> fields.List:
    return fields.List(Text(most=64), allow_none=True, **options)


class EligibilityIn(Schema):
    regions = _names(load_default=None)
    min_followers = Whole(0, 2**31 - 1, load_default=0)
    categories = _names(load_default=None)
    invited = fields.List(Ref(), allow_none=True, load_default=None)


class BonusIn(Schema):
    formula = Text(most=10_000, required=True)
    days = Whole(1, 90, required=True)
    max = MoneyField(required=True)


class BountyPatch(Schema):
    """Any of these; what is not sent stays."""

    product = Ref()
    title = Text(most=140)
    brief = Text(most=5000)
    price = MoneyField()
    slots = Whole(1, 10_000)
    deadline = Moment()
    opens_at = Moment(allow_none=True)
    submit_hours = Whole(1, 2160)
    review_hours = Whole(1, 720)
    rounds = Whole(0, 10)
    eligibility = fields.Nested(EligibilityIn, allow_none=True)
    bonus = fields.Nested(BonusIn, allow_none=True)
    token_required = Flag()
    contract = Text(most=140, allow_none=True)


class BountyIn(BountyPatch):
    seller = Ref(load_default=None)
    product = Ref(required=True)
    title = Text(most=140, required=True)
    brief = Text(most=5000, required=True)
    price = MoneyField(required=True)
    slots = Whole(1, 10_000, required=True)
    deadline = Moment(required=True)
    opens_at = Moment(allow_none=True, load_default=None)
    submit_hours = Whole(1, 2160, load_default=168)
    review_hours = Whole(1, 720, load_default=72)
    rounds = Whole(0, 10, load_default=2)
    eligibility = fields.Nested(EligibilityIn, allow_none=True, load_default=None)
    bonus = fields.Nested(BonusIn, allow_none=True, load_default=None)
    token_required = Flag(load_default=False)
    contract = Text(most=140, allow_none=True, load_default=None)


class EligibilityOut(Schema):
    regions = fields.List(fields.String(), required=True, allow_none=True)
    min_followers = fields.Integer(required=True)
    categories = fields.List(fields.String(), required=True, allow_none=True)
    invited = fields.List(fields.String(), required=True, allow_none=True)


class BonusOut(Schema):
    formula = fields.String(required=True)
    days = fields.Integer(required=True)
    max = MoneyField(required=True)


class EscrowOut(Schema):
    funded = MoneyField(required=True)
    released = MoneyField(required=True)
    returned = MoneyField(required=True)
    held = MoneyField(required=True)


class BountyOut(Schema):
    id = fields.String(required=True)
    seller = Ref(required=True)
    product = Ref(required=True)
    category = fields.String(required=True)
    title = fields.String(required=True)
    brief = fields.String(required=True)
    price = MoneyField(required=True)
    slots = fields.Integer(required=True)
    free = fields.Integer(required=True)
    deadline = Moment(required=True)
    opens_at = Moment(required=True, allow_none=True)
    submit_hours = fields.Integer(required=True)
    review_hours = fields.Integer(required=True)
    rounds = fields.Integer(required=True)
    eligibility = fields.Nested(EligibilityOut, required=True)
    bonus = fields.Nested(BonusOut, required=True, allow_none=True)
    fee = MoneyField(required=True)
    token_required = Flag(required=True)
    contract = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    problem = fields.String(required=True, allow_none=True)
    escrow = fields.Nested(EscrowOut, required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    opened_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)


def terms_of(body: dict[str, Any], currency: str | None = None) -> dict[str, Any]:
    """The terms as the domain takes them: what was sent, flat, money in micros of one currency.

    Raises:
        Invalid: `wrong_currency`, the bonus is in another than the price.
    """
    terms = dict(body)
    if (price := terms.pop("price", None)) is not None:
        currency = price.currency
        terms |= {"price": price.micros, "currency": currency}
    if "bonus" in terms:
        terms |= _bonus(terms.pop("bonus"), currency)
    if "eligibility" in terms:
        asked = terms.pop("eligibility")
        terms |= asked or {"regions": None, "min_followers": 0, "categories": None, "invited": None}
    return terms


def _bonus(bonus: dict[str, Any] | None, currency: str | None) -> dict[str, Any]:
    if bonus is None:
        return {"bonus_formula": None, "bonus_days": 0, "bonus_max": 0}
    most: Money = bonus["max"]
    if most.currency != currency:
        told = f"The bounty is in {currency}, and so is its bonus."
        raise Invalid("wrong_currency", told, pointer="/bonus/max/currency")
    return {"bonus_formula": bonus["formula"], "bonus_days": bonus["days"], "bonus_max": most.micros}
