"""A creator's money: pots, earnings, rewards, statement, payouts."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Choice, Currency, Day, Moment, MoneyField, Ref
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.payouts import PayoutOut
from api.runtime import runtime
from api.statement import STATEMENT_MEDIA, statement_file, statement_shown
from api.statement_table import Sheet
from api.streams import accepted
from catalog.read import get_creator, require_creator
from core.errors import NotFound
from core.money import Money
from ledger import accounts
from ledger.statement import statement
from payouts import read as payout_read
from rewards import read

blp = Blueprint(
    "creators", "creators", url_prefix="/v1", description="What a creator earned and where the money is"
)
READERS = (*STAFF, "platform", "creator")


class NextReleaseOut(Schema):
    at = Moment(required=True)
    amount = AmountField(required=True)


class PotsOut(Schema):
    currency = fields.String(required=True)
    pending = AmountField(required=True)
    available = AmountField(required=True)
    in_transit = AmountField(required=True)
    paid_out = AmountField(required=True)
    payable = AmountField(required=True)
    held_reason = fields.String(required=True, allow_none=True)
    next_release = fields.Nested(NextReleaseOut, required=True, allow_none=True)


class BalanceOut(Schema):
    balances = fields.List(fields.Nested(PotsOut), required=True)


class PeriodQuery(Schema):
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)


class EarningsQuery(PeriodQuery):
    group_by = Choice(*read.GROUPS, load_default="day")


class EarningOut(Schema):
    group = fields.String(required=True, allow_none=True)
    earned = MoneyField(required=True)
    views = fields.Integer(required=True, allow_none=True)
    clicks = fields.Integer(required=True, allow_none=True)
    orders = fields.String(required=True, allow_none=True)
    sales = MoneyField(required=True, allow_none=True)


class EarningsOut(Schema):
    group_by = fields.String(required=True)
    data = fields.List(fields.Nested(EarningOut), required=True)


class RewardOut(Schema):
    id = fields.String(required=True)
    program = Ref(required=True)
    version = fields.Integer(required=True)
    rule = fields.String(required=True)
    grain = fields.String(required=True)
    key = fields.String(required=True)
    creator = Ref(required=True)
    content = Ref(required=True, allow_none=True)
    product = Ref(required=True, allow_none=True)
    kind = fields.String(required=True)
    day = Day(required=True)
    amount = MoneyField(required=True)
    matures_at = Moment(required=True)
    released_at = Moment(required=True, allow_none=True)
    recorded_at = Moment(required=True)
    entry = fields.String(required=True, allow_none=True)


class StatementQuery(PeriodQuery):
    currency = Currency(load_default="RUB")
    format = Choice(*STATEMENT_MEDIA, load_default=None)
    lang = Choice("ru", "en", load_default="ru")


class StatementLineOut(Schema):
    entry = fields.String(required=True)
    kind = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    booked_on = Day(required=True)
    effective_on = Day(required=True)
    recorded_at = Moment(required=True)
    amount = MoneyField(required=True)


class StatementOut(Schema):
    opening = MoneyField(required=True)
    lines = fields.List(fields.Nested(StatementLineOut), required=True)
    closing = MoneyField(required=True)


@operation(blp, "GET", "/creators/<id>/balance", roles=READERS, own="id", answer=BalanceOut)
def balance(session: Session, id: str) -> Any:
    """Pending, available, in transit, paid out and payable now, by currency"""
    pots = read.pots(session, id)
    if not pots:  # who has an account is known
        require_creator(session, id)
    paid = payout_read.paid_out(session, id)
    return {"balances": [_pots(session, id, each, paid) for each in pots]}


def _pots(session: Session, creator: str, pots: Any, paid: dict[str, Money]) -> dict[str, Any]:
    """One currency; where something is available and nothing payable, the reason."""
    zero, now = Money(0, pots.currency), runtime().now()
    payable = payout_read.payable(session, creator, pots.currency, now)
    held = payable == zero and zero < pots.available
    return {
        **{
            name: getattr(pots, name)
            for name in ("currency", "pending", "available", "in_transit", "next_release")
        },
        "paid_out": paid.get(pots.currency, zero),
        "payable": payable,
        "held_reason": payout_read.why_not(session, creator, pots.currency, now) if held else None,
    }


@operation(
    blp, "GET", "/creators/<id>/earnings", roles=READERS, own="id", query=EarningsQuery, answer=EarningsOut
)
def earnings(session: Session, query: dict[str, Any], id: str) -> Any:
    """What was earned by earning day, with the counts beside the money; later facts may still change it"""
    require_creator(session, id)
    return {
        "group_by": query["group_by"],
        "data": read.earnings(session, id, query["since"], query["until"], query["group_by"]),
    }


@operation(blp, "GET", "/creators/<id>/rewards", roles=READERS, own="id", answer=RewardOut, many=True)
def list_rewards(session: Session, query: dict[str, Any], id: str) -> Page:
    """Posted rewards, newest first"""
    require_creator(session, id)
    rows = read.list_rewards(session, id, query["limit"] + 1, after_of(query, int))
    shown = page(rows, query["limit"], lambda row: row[0])
    return Page([row for _, row in shown.rows], shown.next_cursor)


@operation(blp, "GET", "/rewards/<id>", roles=READERS, answer=RewardOut)
def get_reward(session: Session, id: str) -> Any:
    """One reward"""
    return own_reward(read.get_reward(session, id)[0])


def own_reward(reward: read.Reward) -> read.Reward:
    """The reward, when the caller may see it.

    Raises:
        NotFound: it is another creator's.
    """
    if caller().subject not in (None, reward.creator):
        raise NotFound("not_found", "No such reward.")
    return reward


@operation(
    blp,
    "GET",
    "/creators/<id>/statement",
    roles=READERS,
    own="id",
    query=StatementQuery,
    answer=StatementOut,
    documented=statement_shown(StatementOut),
)
def creator_statement(session: Session, query: dict[str, Any], id: str) -> Any:
    """What was booked to the creator: opening, lines, closing, by the day of the books

    Chosen by `format` or, without it, by the header Accept; JSON otherwise. `lang` is that of a PDF.
    """
    require_creator(session, id)
    codes = [accounts.creator(id, pot) for pot in ("pending", "available", "in_transit")]
    name = query["format"] or accepted(STATEMENT_MEDIA, "json")
    found = statement(session, codes, Money(0, query["currency"]).currency, query["since"], query["until"])
    if name == "json":
        return found
    sheet = Sheet(id, get_creator(session, id).name, query["since"], query["until"], found)
    return statement_file(sheet, name, query["lang"])


@operation(blp, "GET", "/creators/<id>/payouts", roles=READERS, own="id", answer=PayoutOut, many=True)
def list_creator_payouts(session: Session, query: dict[str, Any], id: str) -> Page:
    """The creator's payouts, newest first"""
    require_creator(session, id)
    rows = payout_read.list_payouts(session, creator=id, limit=query["limit"] + 1, after=after_of(query))
    return page(rows, query["limit"], lambda row: row.id)
