"""The steps from figures to money, as both explanations show them."""

from marshmallow import Schema, fields

from api.fields import Day, Flag, Moment, MoneyField, Ref
from formula import plain


def _number(name: str) -> fields.Function:
    """An exact number as text, null where there is none."""

    def shown(row: object) -> str | None:
        value = getattr(row, name)
        return None if value is None else plain(value)

    return fields.Function(shown, metadata={"type": ["string", "null"]}, required=True)


class RefundStepOut(Schema):
    sold = MoneyField(required=True)
    left = MoneyField(required=True)
    stands = Flag(required=True)
    reward = MoneyField(required=True)


class UsedByOut(Schema):
    key = fields.String(required=True)
    amount = MoneyField(required=True)


class CapStepOut(Schema):
    per = fields.String(required=True)
    amount = MoneyField(required=True)
    first = Day(required=True)
    last = Day(required=True)
    creator = Ref(required=True, allow_none=True)
    before = MoneyField(required=True)
    before_keys = fields.Integer(required=True)
    passed = MoneyField(required=True)
    cut = MoneyField(required=True)
    used_by = fields.List(fields.Nested(UsedByOut), required=True)


class PoolStepOut(Schema):
    period = fields.String(required=True)
    first = Day(required=True)
    last = Day(required=True)
    amount = MoneyField(required=True)
    keys = fields.Integer(required=True)
    top = fields.Integer(required=True, allow_none=True)
    total_weight = _number("total_weight")
    weight = _number("weight")
    exact = _number("exact")
    floor = MoneyField(required=True)
    share = MoneyField(required=True)
    split_at = Moment(required=True)
    final_at = Moment(required=True)
    weight_now = _number("weight_now")
    changed = Flag(required=True)


class PromiseOut(Schema):
    version = fields.Integer(required=True)
    ended = Day(required=True)
    ends = Day(required=True)
    there_before = Flag(required=True)
    amount = MoneyField(required=True)


class ProtectionOut(Schema):
    day = Day(required=True)
    seller = Ref(required=True, allow_none=True)
    promises = fields.List(fields.Nested(PromiseOut), required=True)
    now = MoneyField(required=True)
    missing = MoneyField(required=True)


class RewardLineOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    amount = MoneyField(required=True)
    recorded_at = Moment(required=True)
    entry = fields.String(required=True, allow_none=True)
    matures_at = Moment(required=True)
    released_at = Moment(required=True, allow_none=True)
    release_entry = fields.String(required=True, allow_none=True)


class PayerOut(Schema):
    fund = Ref()
    line = Ref()
    seller = Ref()


class StepsOut(Schema):
    inputs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    where = fields.Dict(required=True, allow_none=True)
    formula = fields.Dict(required=True)
    value = fields.String(required=True, allow_none=True)
    original = MoneyField(required=True)
    original_now = MoneyField(required=True, allow_none=True)
    changed = Flag(required=True)
    clamped = Flag(required=True)
    refunds = fields.Nested(RefundStepOut, required=True, allow_none=True)
    uncapped = MoneyField(required=True)
    caps = fields.List(fields.Nested(CapStepOut), required=True)
    target = MoneyField(required=True)
    pool = fields.Nested(PoolStepOut, required=True, allow_none=True)
    protection = fields.Nested(ProtectionOut, required=True, allow_none=True)
    cut = MoneyField(required=True)
    cut_at = MoneyField(required=True)
    cut_borne = MoneyField(required=True)
    due = MoneyField(required=True)
    posted = MoneyField(required=True)
    waiting = MoneyField(required=True)
    payer = fields.Nested(PayerOut, required=True)
    sentences = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Nested(RewardLineOut), required=True)
