"""The books as a file, streamed: for finance and the auditor."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from api.attachment import attached
from api.operation import STAFF, operation
from api.runtime import runtime
from api.streams import accepted, begin
from ledger.export import FORMATS

blp = Blueprint("exports", "ledger", url_prefix="/v1", description="The books as a file")
_BINARY = {"type": "string", "format": "binary"}
_SHOWN = {
    "responses": {
        "200": {
            "description": "The file, in pieces",
            "content": {each.media: {"schema": _BINARY} for each in FORMATS.values()},
        }
    },
    "description": "The whole ledger as of one moment, by the day of the books. Chosen by `format` or, without it, by"
    " the header Accept; CSV otherwise. Each file ends with its own totals.",
}


class ExportQuery(Schema):
    format = fields.String(load_default=None, validate=OneOf(list(FORMATS)))


@operation(
    blp,
    "GET",
    "/ledger/export",
    roles=STAFF,
    query=ExportQuery,
    transacted=False,
    produces="text/csv",
    documented=_SHOWN,
)
def export_ledger(query: dict[str, Any]) -> Response:
    """The books as a file for hledger, beancount, a spreadsheet, an analyst or a verifier"""
    chosen = FORMATS[query["format"] or accepted({name: each.media for name, each in FORMATS.items()}, "csv")]
    answer = Response(begin(chosen.writer), mimetype=chosen.media)
    day = runtime().now().astimezone(runtime().settings.zone).date()
    answer.headers["Vary"] = "Accept"
    return attached(answer, f"ledger-{day}.{chosen.suffix}")
