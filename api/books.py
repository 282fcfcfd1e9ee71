"""What the books say as of a day or a moment: the trial balance, an account's balance and its statement."""

from datetime import date, datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import AmountField, Currency, Day, Moment, MoneyField
from api.operation import STAFF, operation
from api.paging import MOST, Limit, PageQuery, after_of, signed
from api.runtime import runtime
from core.money import Money
from ledger import asof, balances
from ledger.statement import Walk, account_statement

blp = Blueprint("books", "books", url_prefix="/v1", description="Balances as of then, statements")


class DayOrMoment(fields.String):
    """YYYY-MM-DD, or RFC 3339 with offset."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date | datetime:
        kind = Moment() if isinstance(value, str) and len(value) > len("2026-11-02") else Day()
        parsed: date | datetime = kind.deserialize(value, attr, data)
        return parsed


WHOLE = 100_000  # lines
AS_OF = {
    "format": "date",
    "description": "A day: what is booked by its end. A moment (RFC 3339): what the last watermark up to it saw.",
}
TOTALS = "By currency over the whole books, on the first page only: the sum, which is zero, and that of the debit balances"


class AsOfQuery(Schema):
    as_of = DayOrMoment(load_default=None, metadata=AS_OF)


class TrialQuery(PageQuery, AsOfQuery):
    # A trial balance is read whole; only who asks for pages gets them.
    limit = Limit(load_default=WHOLE, metadata={"minimum": 1, "maximum": MOST})


class BalanceQuery(AsOfQuery):
    currency = Currency(load_default=None)


class AsOfOut(Schema):
    day = Day(required=True, allow_none=True)
    moment = Moment(required=True, allow_none=True)
    watermark = fields.Integer(required=True, allow_none=True)
    taken_at = Moment(required=True, allow_none=True)


class AsOfAnswer(Schema):
    as_of = fields.Nested(AsOfOut, required=True, allow_none=True)
    final = fields.Boolean(required=True, metadata={"description": "No later answer will differ"})


class TrialLineOut(Schema):
    code = fields.String(required=True)
    balance = MoneyField(attribute="money", required=True)


class TrialTotalOut(Schema):
    amount = AmountField(required=True)
    debits = AmountField(required=True)
    currency = fields.String(required=True)


class TrialPageOut(AsOfAnswer):
    totals = fields.List(
        fields.Nested(TrialTotalOut), required=True, allow_none=True, metadata={"description": TOTALS}
    )
    lines = fields.List(fields.Nested(TrialLineOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AccountBalanceOut(AsOfAnswer):
    code = fields.String(required=True)
    balance = MoneyField(required=True)


class StatementQuery(PageQuery):
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    currency = Currency(load_default=None)


class AccountLineOut(Schema):
    entry = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    booked_on = Day(required=True)
    effective_on = Day(required=True)
    recorded_at = Moment(required=True)
    amount = MoneyField(required=True)
    balance = MoneyField(required=True)


class AccountStatementPageOut(Schema):
    account = fields.String(required=True)
    opening = MoneyField(required=True)
    lines = fields.List(fields.Nested(AccountLineOut), required=True)
    closing = MoneyField(required=True)
    final = fields.Boolean(required=True, metadata={"description": "No later answer will differ"})
    next_cursor = fields.String(required=True, allow_none=True)


def _at(session: Session, asked: date | datetime | None) -> asof.AsOf:
    if isinstance(asked, datetime):
        return asof.at_moment(session, asked, runtime().now())
    return asof.NOW if asked is None else asof.end_of(session, asked)


def _when(at: asof.AsOf) -> dict[str, Any]:
    return {"as_of": None if at == asof.NOW else at, "final": at.final}


@operation(blp, "GET", "/ledger/trial-balance", roles=STAFF, query=TrialQuery, answer=TrialPageOut)
def trial_balance(session: Session, query: dict[str, Any]) -> Any:
    """Every account that had moved by then (debit positive), by code; the whole sums to zero in each currency

    All lines, or pages of them for who sends a `limit`.
    """
    after, limit = after_of(query, list), query["limit"]
    at = _at(session, query["as_of"])
    totals = None
    if after is None:
        totals = [
            {"amount": Money(total, currency), "debits": Money(debits, currency), "currency": currency}
            for currency, (total, debits) in balances.trial_totals(session, at).items()
        ]
    lines = balances.trial_balance(session, at, limit + 1, after or ("", ""))
    more, lines = len(lines) > limit, lines[:limit]
    cursor = signed((), [lines[-1].code, lines[-1].money.currency] if more else None).next_cursor
    return {"totals": totals, "lines": lines, "next_cursor": cursor} | _when(at)


@operation(
    blp,
    "GET",
    "/ledger/accounts/<code>/balance",
    roles=STAFF,
    query=BalanceQuery,
    answer=AccountBalanceOut,
)
def account_balance(session: Session, query: dict[str, Any], code: str) -> Any:
    """An account's balance then (debit positive)"""
    at = _at(session, query["as_of"])
    code, money = asof.balance_at(session, code, query["currency"], at)
    return {"code": code, "balance": money} | _when(at)


@operation(
    blp,
    "GET",
    "/ledger/accounts/<code>/statement",
    roles=STAFF,
    query=StatementQuery,
    answer=AccountStatementPageOut,
)
def get_account_statement(session: Session, query: dict[str, Any], code: str) -> Any:
    """What was booked from a day to a day, with the balances before and after, positive on the account's own side"""
    walk = after_of(query, list)
    found = account_statement(
        session,
        code,
        query["currency"],
        query["since"],
        query["until"],
        query["limit"],
        walk and Walk(*walk),
    )
    rest = found.rest
    cursor = signed((), rest and [rest.after, rest.high, rest.running, rest.opening, rest.closing])
    return {
        "account": found.account,
        "opening": found.opening,
        "lines": found.lines,
        "closing": found.closing,
        "final": found.final,
        "next_cursor": cursor.next_cursor,
    }
