"""Payment files of runs that a bank pays."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Choice, Moment, MoneyField
from api.operation import STAFF, caller, operation
from api.paging import Page, after_of, page
from api.runtime import runtime
from payouts.bank import files, make_file
from payouts.bank.payer import load_payer

blp = Blueprint("files", "payouts", url_prefix="/v1", description="Payment files")
FINANCE = ("finance",)
_BINARY = {"type": "string", "format": "binary"}
_SHOWN = {
    "responses": {
        "200": {
            "description": "The file's bytes, the same each time",
            "content": {media: {"schema": _BINARY} for media in ("application/xml", "text/plain")},
        }
    }
}


class FileIn(Schema):
    format = Choice(*files.FORMATS, required=True)


class FileOut(Schema):
    id = fields.String(required=True)
    run = fields.String(required=True)
    format = fields.String(required=True)
    name = fields.String(required=True)
    sha256 = fields.String(required=True)
    payments = fields.Integer(required=True)
    total = MoneyField(required=True)
    made_by = fields.String(required=True)
    created_at = Moment(required=True)


@operation(
    blp,
    "POST",
    "/payout-runs/<id>/files",
    roles=FINANCE,
    body=FileIn,
    answer=FileOut,
    status=201,
    idempotent=True,
)
def make_payment_file(session: Session, body: dict[str, Any], id: str) -> Any:
    """Make the one payment file of an approved run: its payouts count as sent from now on"""
    settings = runtime().settings
    return make_file.make_file(
        session,
        runtime().vault,
        load_payer(settings),
        id,
        body["format"],
        caller().person,
        runtime().now().astimezone(settings.zone),
        difference_limit=settings.reconciliation_limit,
    )


@operation(blp, "GET", "/files", roles=STAFF, answer=FileOut, many=True)
def list_payment_files(session: Session, query: dict[str, Any]) -> Page:
    """Payment files, newest first; what they hold is only in the file itself"""
    rows = files.list_files(session, query["limit"] + 1, after_of(query))
    return page(rows, query["limit"], lambda row: row.id)


@operation(blp, "GET", "/files/<id>", roles=FINANCE, produces="application/octet-stream", documented=_SHOWN)
def get_payment_file(session: Session, id: str) -> Response:
    """The payment file, to be given to the bank"""
    file, pieces = files.file_content(session, runtime().vault, id)
    answer = Response(pieces, content_type=files.MEDIA[file.format])
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer
