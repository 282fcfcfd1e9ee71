"""Backtests: what rules would have cost over stored history."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.fields import Day, Moment, Ref, Whole
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from api.versions import RuleSchema
from core.errors import Unavailable
from core.money import AMOUNT_PATTERN
from rewards import backtest, backtest_store
from rewards.check_rules import MOST_RULES

blp = Blueprint(
    "backtests", "backtests", url_prefix="/v1", description="Backtests: rules tried over stored history"
)
MOST_VERSIONS = 10**9
_CANCELLED = "57014"  # by statement_timeout


class Amount(fields.String):
    """An amount as it was stored, a decimal text; the currency stands in the result."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": AMOUNT_PATTERN}, **options)


class TrialIn(Schema):
    version = Whole(1, MOST_VERSIONS)
    rules = fields.List(fields.Nested(RuleSchema), validate=validate.Length(1, MOST_RULES))
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)


class BacktestSidesOut(Schema):
    new = Amount(required=True)
    old = Amount(required=True)
    difference = Amount(required=True)


class BacktestCostOut(BacktestSidesOut):
    rate_protection = Amount(required=True)


class BacktestDayOut(Schema):
    day = fields.String(required=True)
    new = Amount(required=True)
    old = Amount(required=True)
    rate_protection = Amount(required=True)


class BacktestRuleOut(BacktestSidesOut):
    rule = fields.String(required=True)
    uncapped = Amount(required=True)


class BacktestCapOut(Schema):
    rule = fields.String(required=True)
    per = fields.String(required=True)
    keys = fields.Integer(required=True)
    cut = Amount(required=True)


class BacktestDecileOut(BacktestSidesOut):
    decile = fields.Integer(required=True)
    creators = fields.Integer(required=True)


class BacktestNamedOut(BacktestSidesOut):
    creator = fields.String(required=True)


class BacktestLineOut(Schema):
    fund = Ref(required=True)
    line = Ref(required=True)
    balance = Amount(required=True)
    dry_on = fields.String(required=True, allow_none=True)


class BacktestResultOut(Schema):
    currency = fields.String(required=True)
    members = fields.String(required=True)
    cost = fields.Nested(BacktestCostOut, required=True)
    days = fields.List(fields.Nested(BacktestDayOut), required=True)
    rules = fields.List(fields.Nested(BacktestRuleOut), required=True)
    caps = fields.List(fields.Nested(BacktestCapOut), required=True)
    deciles = fields.List(fields.Nested(BacktestDecileOut), required=True)
    winners = fields.List(fields.Nested(BacktestNamedOut), required=True)
    losers = fields.List(fields.Nested(BacktestNamedOut), required=True)
    line = fields.Nested(BacktestLineOut, required=True, allow_none=True)


class BacktestOut(Schema):
    id = fields.String(required=True)
    program = Ref(required=True)
    version = fields.Integer(required=True, allow_none=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    asked_by = fields.String(required=True)
    created_at = Moment(required=True)
    result = fields.Nested(BacktestResultOut, required=True)


class BacktestShortOut(Schema):
    """Without the rules and all but the cost of the result."""

    id = fields.String(required=True)
    program = Ref(required=True)
    version = fields.Integer(required=True, allow_none=True)
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    asked_by = fields.String(required=True)
    created_at = Moment(required=True)
    currency = fields.String(attribute="result.currency", required=True)
    cost = fields.Nested(BacktestCostOut, attribute="result.cost", required=True)


class BacktestPairOut(Schema):
    this = Amount(required=True)
    with_ = Amount(data_key="with", attribute="with", required=True)
    difference = Amount(required=True)


class BacktestDayPairOut(BacktestPairOut):
    day = fields.String(required=True)


class BacktestRulePairOut(BacktestPairOut):
    rule = fields.String(required=True)


class BacktestDryPairOut(Schema):
    this = fields.String(required=True, allow_none=True)
    with_ = fields.String(data_key="with", attribute="with", required=True, allow_none=True)


class BacktestCompareOut(Schema):
    backtest = fields.String(required=True)
    with_ = fields.String(data_key="with", attribute="with", required=True)
    currency = fields.String(required=True)
    cost = fields.Nested(BacktestPairOut, required=True)
    days = fields.List(fields.Nested(BacktestDayPairOut), required=True)
    rules = fields.List(fields.Nested(BacktestRulePairOut), required=True)
    dry_on = fields.Nested(BacktestDryPairOut, required=True)


class BacktestCompareQuery(Schema):
    other = fields.String(data_key="with", required=True)


@contextmanager
def _bounded(program: str) -> Iterator[None]:
    """A trial too long for a request is one for the command line, which has no limit.

    Raises:
        Unavailable: `backtest_too_long`.
    """
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != _CANCELLED:
            raise
        told = f"These days take longer than a request may: run `kopeck programs backtest {program}`, or try fewer days."
        raise Unavailable("backtest_too_long", told, retry_after=60) from error


@operation(
    blp, "POST", "/programs/<id>/backtest", roles=("operator",), body=TrialIn, answer=BacktestOut, status=201,
    idempotent=True,
)  # fmt: skip
def backtest_program(session: Session, body: dict[str, Any], id: str) -> Any:
    """Try a version or rules over days that are over: cost, winners and losers; only the result is written"""
    trial = backtest.Trial(id, **body)
    with _bounded(id):
        return backtest.backtest(session, trial, caller().person, runtime().now(), runtime().settings)


@operation(blp, "GET", "/programs/<id>/backtests", roles=STAFF, answer=BacktestShortOut, many=True)
def list_backtests(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's backtests in short, newest first"""
    rows = backtest_store.list_backtests(session, id, query["limit"] + 1, after_of(query, int))
    found = page(rows, query["limit"], lambda row: row[0])
    return Page([each for _, each in found.rows], found.next_cursor)


@operation(blp, "GET", "/backtests/<id>", roles=STAFF, answer=BacktestOut)
def get_backtest(session: Session, id: str) -> Any:
    """A backtest as it was kept"""
    return backtest_store.get_backtest(session, id)


@operation(
    blp, "GET", "/backtests/<id>/compare", roles=STAFF, query=BacktestCompareQuery, answer=BacktestCompareOut
)
def compare_backtests(session: Session, query: dict[str, Any], id: str) -> Any:
    """Two backtests of the same days side by side"""
    return backtest_store.compare(session, id, query["other"])
