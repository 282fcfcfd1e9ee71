"""Closing of days and months: what the books answer about them never changes again."""

from datetime import date
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Day, Moment
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from ledger import close

blp = Blueprint("periods", "periods", url_prefix="/v1", description="Closed periods of the books")


class ClosingOut(Schema):
    period = fields.String(required=True)
    through = Day(required=True)
    closed_by = fields.String(required=True)
    closed_at = Moment(required=True)


@operation(
    blp,
    "POST",
    "/ledger/periods/<period>/close",
    roles=("finance",),
    answer=ClosingOut,
    status=201,
    idempotent=True,
)
def close_period(session: Session, period: str) -> Any:
    """Close a month (2026-10) or a day (2026-10-31) that has ended, and all days before it"""
    now = runtime().now()
    today = now.astimezone(runtime().settings.zone).date()
    return close.close_period(session, period, caller().person, today, now)


@operation(blp, "GET", "/ledger/periods", roles=STAFF, answer=ClosingOut, many=True)
def list_periods(session: Session, query: dict[str, Any]) -> Page:
    """Closed periods, newest first"""
    after = after_of(query)
    rows = close.list_closings(session, query["limit"] + 1, after and date.fromisoformat(after))
    return page(rows, query["limit"], lambda row: row.through.isoformat())


@operation(blp, "GET", "/ledger/periods/<period>", roles=STAFF, answer=ClosingOut)
def get_period(session: Session, period: str) -> Any:
    """The closing of a month or a day: its own, or that of a later day which closed it, too"""
    return close.closing_of(session, period)
