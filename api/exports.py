"""The books as a file, streamed: for finance and the auditor."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import OneOf
from werkzeug.exceptions import NotAcceptable

from api.operation import STAFF, operation
from api.runtime import runtime
from core.database import transaction
from core.errors import Unavailable
from ledger.export import FORMATS, Format
from ledger.export.snapshot import open_snapshot

blp = Blueprint("exports", "ledger", url_prefix="/v1", description="The books as a file")
AT_ONCE = 2  # in a process: each holds a connection and a thread for as long as its client reads
PATIENCE = 60.0  # seconds for the client to take one piece; the database allows no more between two fetches
_turns = threading.BoundedSemaphore(AT_ONCE)
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


class Stream:
    """The pieces of a file, and what is held for them: let go with the last piece, with an error, or by the server
    when the client has gone.

    One piece is read ahead, so that what fails at the start is answered as a problem, and a small file holds nothing
    while it is sent.
    """

    def __init__(self, pieces: Iterator[bytes], held: ExitStack) -> None:
        self._pieces, self._held = pieces, held
        self._next = self._read()

    def _read(self) -> bytes | None:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            return None
        except BaseException as error:
            self._held.__exit__(type(error), error, error.__traceback__)
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._next
        if piece is None:
            raise StopIteration
        self._next = self._read()
        return piece

    def close(self) -> None:
        """Let everything go, wherever the file stands."""
        self._held.close()

    def __del__(self) -> None:
        # A server closes what it was given; a turn that is never given back would shut the door for good.
        self.close()


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
    name = query["format"] or _accepted()
    chosen = FORMATS[name]
    answer = Response(Stream(*_begin(chosen)), mimetype=chosen.media)
    day = runtime().now().astimezone(runtime().settings.zone).date()
    answer.headers["Content-Disposition"] = f'attachment; filename="ledger-{day}.{chosen.suffix}"'
    answer.headers["Vary"] = "Accept"
    return answer


def _accepted() -> str:
    """The format that the client likes best; CSV for one that takes anything."""
    media = {each.media: name for name, each in FORMATS.items()}
    if not request.accept_mimetypes:
        return "csv"
    best = request.accept_mimetypes.best_match(list(media))
    if best is None:
        raise NotAcceptable(f"An export is one of {', '.join(media)}.")
    return media[best]


def _begin(chosen: Format) -> tuple[Iterator[bytes], ExitStack]:
    """The pieces and what to close after them: the cursors, the transaction, the turn."""
    with ExitStack() as held:
        if not _turns.acquire(blocking=False):
            raise Unavailable("too_busy", "Enough exports are under way; try again.", retry_after=30)
        held.callback(_turns.release)
        session = held.enter_context(transaction(runtime().engine))
        open_snapshot(session)
        pieces = chosen.writer(session)
        if hasattr(pieces, "close"):
            held.enter_context(closing(pieces))
        _hurry()
        return pieces, held.pop_all()


def _hurry() -> None:
    """A client that stops reading without hanging up must not keep a thread and a snapshot for ever."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(PATIENCE)
