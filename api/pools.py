"""Pools: what is shared among those who earn in a program, as it was split or would be now."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Day, Flag, Moment, MoneyField, Ref
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from core.errors import NotFound
from formula import plain
from rewards import pool_estimate

blp = Blueprint("pools", "pools", url_prefix="/v1", description="Pools and their shares")
READERS = (*STAFF, "platform", "creator")


class PoolsQuery(PageQuery):
    since = Day(data_key="from", required=True)
    until = Day(data_key="to", required=True)


class SharesQuery(PageQuery):
    creator = Ref(load_default=None)


class PoolOut(Schema):
    rule = fields.String(required=True)
    version = fields.Integer(required=True)
    grain = fields.String(required=True)
    per = fields.String(required=True)
    period = fields.String(required=True)
    state = fields.String(required=True)
    amount = MoneyField(required=True)
    keys = fields.Integer(required=True)
    weight = fields.Function(lambda row: plain(row.weight), metadata={"type": "string"}, required=True)
    paid = MoneyField(required=True, allow_none=True)
    final_at = Moment(required=True)
    split_at = Moment(required=True, allow_none=True)


class PoolShareOut(Schema):
    key = fields.String(required=True)
    creator = Ref(required=True)
    content = Ref(required=True, allow_none=True)
    product = Ref(required=True, allow_none=True)
    weight = fields.Function(lambda row: plain(row.weight), metadata={"type": "string"}, required=True)
    share = MoneyField(required=True)
    owed = MoneyField(required=True, allow_none=True)
    estimate = Flag(required=True)


@operation(blp, "GET", "/programs/<id>/pools", roles=READERS, query=PoolsQuery, answer=PoolOut, many=True)
def list_pools(session: Session, query: dict[str, Any], id: str) -> Page:
    """A program's pools by period: how many take part and weigh how much, as split or as things stand now"""
    rows = pool_estimate.list_pools(
        session, id, query["since"], query["until"], runtime().now(), runtime().settings,
        query["limit"] + 1, after_of(query, list),
    )  # fmt: skip
    return page(rows, query["limit"], lambda row: row.order)


@operation(
    blp, "GET", "/programs/<id>/pools/<rule>/<period>", roles=READERS, query=SharesQuery, answer=PoolShareOut, many=True
)  # fmt: skip
def list_pool_shares(session: Session, query: dict[str, Any], id: str, rule: str, period: str) -> Page:
    """The shares of one pool, the largest first; a creator sees its own"""
    creator = query["creator"]
    if caller().role == "creator":
        if creator not in (None, caller().subject):
            raise NotFound("not_found", "No such share.")
        creator = caller().subject
    rows = pool_estimate.pool_shares(
        session, id, rule, period, creator, runtime().now(), runtime().settings,
        query["limit"] + 1, after_of(query, list),
    )  # fmt: skip
    return page(rows, query["limit"], lambda row: [row.share.micros, row.key])
