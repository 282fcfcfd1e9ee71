"""Self-checks: the last run, its findings, and a person's word that payouts may go on."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, Text
from api.operation import STAFF, caller, operation
from api.paging import Page, PageQuery, after_of, page
from api.runtime import runtime
from attribution import checks
from ledger import findings
from ledger.verify import CHECKS as LEDGER
from payouts.checks import CHECKS as PAYOUTS
from rewards.checks import CHECKS as REWARDS

blp = Blueprint("verify", "verify", url_prefix="/v1", description="Self-checks of the books, findings")
ABOUT = {check.name: check.about for check in (*LEDGER, *REWARDS, *PAYOUTS)} | {checks.NAME: checks.ABOUT}
SHOWN = 100


class CheckOut(Schema):
    name = fields.String(required=True)
    about = fields.String(required=True, allow_none=True)
    findings = fields.Integer(required=True)


class FindingOut(Schema):
    id = fields.String(required=True)
    check = fields.String(required=True)
    subject = fields.String(required=True)
    detail = fields.String(required=True)
    halts = fields.Boolean(required=True)
    found_at = Moment(required=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class VerifyOut(Schema):
    """Never run: no id and no times."""

    id = fields.String(required=True, allow_none=True)
    started_at = Moment(required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)
    checks = fields.List(fields.Nested(CheckOut), required=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    halted = fields.Boolean(required=True)


class FindingQuery(PageQuery):
    open = Choice("true", "false", load_default=None)


class AcknowledgeIn(Schema):
    finding = Text(most=60, required=True)
    reason = Text(most=findings.MOST_REASON, required=True)


@operation(blp, "GET", "/ledger/verify", roles=STAFF, answer=VerifyOut)
def get_verify(session: Session) -> Any:
    """The last stored run of the self-checks, the newest open findings, whether they stop payouts"""
    run = findings.last_run(session)
    counts = run.checks if run else {}
    return {
        "id": run and run.id,
        "started_at": run and run.started_at,
        "finished_at": run and run.finished_at,
        "checks": [{"name": name, "about": ABOUT.get(name), "findings": n} for name, n in counts.items()],
        "findings": findings.list_findings(session, is_open=True, limit=SHOWN),
        "halted": findings.is_halted(session),
    }


@operation(blp, "GET", "/ledger/findings", roles=STAFF, query=FindingQuery, answer=FindingOut, many=True)
def list_findings(session: Session, query: dict[str, Any]) -> Page:
    """What the self-checks ever found, newest first; all, the open, or the acknowledged"""
    is_open = None if query["open"] is None else query["open"] == "true"
    rows = findings.list_findings(
        session, is_open=is_open, limit=query["limit"] + 1, before=after_of(query, int)
    )
    return page(rows, query["limit"], lambda row: row.key)


@operation(blp, "GET", "/ledger/findings/<id>", roles=STAFF, answer=FindingOut)
def get_finding(session: Session, id: str) -> Any:
    """A finding"""
    return findings.get_finding(session, id)


@operation(
    blp,
    "POST",
    "/ledger/acknowledge",
    roles=("operator", "finance"),
    body=AcknowledgeIn,
    answer=FindingOut,
    idempotent=True,
)
def acknowledge(session: Session, body: dict[str, Any]) -> Any:
    """Say that you looked into a finding, and why payouts may go on"""
    return findings.acknowledge(session, body["finding"], caller().person, body["reason"], runtime().now())
