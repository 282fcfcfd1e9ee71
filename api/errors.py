"""One map from refusals to RFC 9457 problem documents."""

import uuid
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, json, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.database import translate
from core.errors import Conflict, Forbidden, Invalid, KopeckError, NotFound, Refused, Unavailable

STATUS: dict[type[KopeckError], int] = {
    Invalid: 422,
    Refused: 409,
    Conflict: 409,
    NotFound: 404,
    Forbidden: 403,
    Unavailable: 503,
}
# Where the contract asks for another status than the kind's own.
STATUS_OF_CODE = {
    "broken_json": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_malformed": 400,
    "not_authenticated": 401,
    "too_large": 413,
    "unsupported_media_type": 415,
    "bad_content_type": 415,
}
log = structlog.get_logger()


def request_id() -> str:
    """One id a request, in the answer's header, in problems and in the log."""
    if "request_id" not in g:
        g.request_id = f"req_{uuid.uuid4().hex}"
    return str(g.request_id)


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """A problem document."""
    document = {
        "type": f"/docs/errors#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": request_id(),
        **more,
    }
    body = json.dumps(document, ensure_ascii=False).encode(
        "utf-8", "replace"
    )  # a field may be named half a surrogate
    return Response(body, status, mimetype="application/problem+json")


def from_refusal(error: KopeckError) -> Response:
    """A domain refusal as a problem document."""
    status = STATUS_OF_CODE.get(error.code) or STATUS[type(error)]
    more = {name: value for name, value in error.fields.items() if isinstance(value, str | int | list)}
    if isinstance(error, Invalid) and error.pointer is not None:
        more["errors"] = [{"pointer": error.pointer, "detail": error.detail}]
    answer = problem(status, error.code, error.detail, **more)
    if isinstance(error, Unavailable):
        answer.headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def from_http(error: HTTPException) -> Response:
    """What Flask, webargs and flask-smorest raise, in the same form."""
    data = getattr(error, "data", None) or {}
    status = error.code or 500
    if status == 400 and "json" in (data.get("messages") or ()):
        return problem(status, "broken_json", "The body is not JSON.")
    fields = _pointers(data.get("messages")) if status == 422 else []
    code = "malformed_fields" if status == 422 else HTTPStatus(status).phrase.lower().replace(" ", "_")
    detail = "; ".join(f"{f['pointer']}: {f['detail']}" for f in fields[:3]) or error.description or code
    answer = problem(status, code, detail, **({"errors": fields} if fields else {}))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def _pointers(messages: Any, path: str = "") -> list[dict[str, str]]:
    """webargs' nested messages as JSON pointers; the outermost level names the place (json, query)."""
    if isinstance(messages, dict):
        found = []
        for name, inner in messages.items():
            inside = path if not path and name in {"json", "query"} else f"{path}/{name}"
            found += _pointers(inner, inside or "")
        return found
    texts = messages if isinstance(messages, list) else [messages]
    return [{"pointer": path.replace("/_schema", "") or "/", "detail": str(text)} for text in texts if text]


def register(app: Flask) -> None:
    """Answer every exception with a problem document; never a stack trace."""

    @app.errorhandler(KopeckError)
    def _refusal(error: KopeckError) -> Response:
        return from_refusal(error)

    @app.errorhandler(DBAPIError)
    def _database(error: DBAPIError) -> Response:
        translated = translate(error)
        return from_refusal(translated) if isinstance(translated, KopeckError) else _fault(error)

    @app.errorhandler(PoolTimeout)
    def _pool(_: PoolTimeout) -> Response:
        return from_refusal(
            Unavailable("too_busy", "All database connections are in use; try again.", retry_after=2)
        )

    @app.errorhandler(RecursionError)
    def _nesting(_: RecursionError) -> Response:
        return problem(400, "broken_json", "The JSON is nested too deeply.")

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.error("fault", request_id=request_id(), route=str(request.url_rule), exc_info=error)
        return problem(
            500, "internal_error", "Something went wrong on our side; the request id finds it in the log."
        )
