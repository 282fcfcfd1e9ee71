"""Reports for finance: payouts, tax, earnings, funds, as JSON and as files."""

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema
from sqlalchemy.orm import Session

from api.attachment import attached
from api.fields import Choice, Day, Ref
from api.operation import STAFF, operation
from api.streams import accepted, begin
from bounties.report import advertising_report
from core.export.formats import FORMATS
from core.export.table import Table
from payouts.report import BY, payout_report
from payouts.report_tax import tax_report
from rewards.report import earnings_report, fund_report

blp = Blueprint("reports", "reports", url_prefix="/v1", description="Reports of a period")
WAIT = 30.0  # seconds for a turn
MEDIA = {name: each.media for name, each in FORMATS.items()}
_ROWS = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "array", "items": {"type": "object"}}},
}
_BINARY = {"type": "string", "format": "binary"}


class ReportQuery(Schema):
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)
    format = Choice(*FORMATS, load_default=None)


class PayoutReportQuery(ReportQuery):
    by = Choice(*BY, load_default=BY[0])


class FundReportQuery(ReportQuery):
    fund_id = Ref(data_key="fund", load_default=None)


def shown(about: str) -> dict[str, Any]:
    """What the document says of a report: its columns, and that it comes in every format."""
    content = {media: {"schema": _ROWS if media == MEDIA["json"] else _BINARY} for media in MEDIA.values()}
    return {
        "responses": {"200": {"description": "The rows, in pieces", "content": content}},
        "description": f"{about} Chosen by `format` or, without it, by the header Accept; JSON otherwise.",
    }


def report(make: Callable[..., Table], query: dict[str, Any]) -> Response:
    """The file, named after its table and days."""
    name = query.pop("format") or accepted(MEDIA, "json")
    since, until, chosen = query["since"], query["until"], FORMATS[name]
    table: list[str] = []

    def write(session: Session) -> Any:
        made = make(session, **query)
        table.append(made.name)
        return chosen.write(made)

    answer = Response(begin(write, WAIT), mimetype=chosen.media)
    answer.headers["Vary"] = "Accept"
    return attached(answer, f"{table[0]}-{since}-{until}.{chosen.suffix}")


def _operation(
    path: str, query: type[Schema], about: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return operation(blp, "GET", path, roles=STAFF, query=query, transacted=False, documented=shown(about))


@_operation(
    "/reports/payouts",
    PayoutReportQuery,
    "Payouts whose moment `by` lies in these days: gross = tax + amount, which is what is sent.",
)
def report_payouts(query: dict[str, Any]) -> Response:
    """Payouts that were reserved, sent or settled in these days"""
    return report(payout_report, query)


@_operation(
    "/reports/tax",
    ReportQuery,
    "Payouts reserved in these days that did not come to nothing: gross = tax + net.",
)
def report_tax(query: dict[str, Any]) -> Response:
    """The register of withheld tax"""
    return report(tax_report, query)


@_operation(
    "/reports/earnings",
    ReportQuery,
    "By creator and program: earned = given - taken_back, as posted so far; at most 366 days.",
)
def report_earnings(query: dict[str, Any]) -> Response:
    """What creators earned, by earning day"""
    return report(earnings_report, query)


@_operation(
    "/reports/fund",
    FundReportQuery,
    "The lines of one fund or of all, day by day of the books, as the burn-down shows them; at most 366 days.",
)
def report_fund(query: dict[str, Any]) -> Response:
    """How the funds' lines were spent"""
    return report(fund_report, query)


@_operation(
    "/reports/advertising",
    ReportQuery,
    "By content and month: who advertises by which contract, the token, views and what was paid; at most 366 days.",
)
def report_advertising(query: dict[str, Any]) -> Response:
    """What the advertising register asks of bounties' contents"""
    return report(advertising_report, query)
