"""A creator's statement as a file: CSV, XLSX and PDF."""

from typing import Any

from flask import Response
from marshmallow import Schema

from api.attachment import attached
from api.runtime import runtime
from api.statement_table import Sheet, statement_table
from api.statement_words import WORDS
from core.export.formats import FORMATS

PDF = "application/pdf"
STATEMENT_MEDIA = {name: FORMATS[name].media for name in ("json", "csv", "xlsx")} | {"pdf": PDF}
_BINARY = {"type": "string", "format": "binary"}


def statement_shown(answer: type[Schema]) -> dict[str, Any]:
    """What the document says of it: `answer` as JSON, the rest as files."""
    content = {
        media: {"schema": answer if name == "json" else _BINARY} for name, media in STATEMENT_MEDIA.items()
    }
    return {"responses": {"200": {"description": "The statement", "content": content}}}


def statement_file(sheet: Sheet, name: str, lang: str) -> Response:
    """The statement as a file of that format; a PDF is named in its language."""
    days = f"{sheet.creator}-{sheet.since}-{sheet.until}"
    if name == "pdf":
        from api.statement_pdf import statement_pdf  # noqa: PLC0415  (reportlab takes its time)

        zone = runtime().settings.zone
        body = statement_pdf(sheet, lang, runtime().now().astimezone(zone))
        return attached(Response(body, mimetype=PDF), f"{WORDS[lang].file}-{days}.pdf")
    chosen = FORMATS[name]
    body = b"".join(chosen.write(statement_table(sheet)))
    return attached(Response(body, mimetype=chosen.media), f"statement-{days}.{chosen.suffix}")
