"""The application: blueprints, the OpenAPI document, what every request gets."""

import time
from importlib import import_module

import structlog
from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from api import errors
from api.runtime import Runtime, install
from core.errors import Unavailable

MODULES = (
    "catalog",
    "events",
    "programs",
    "versions",
    "backtests",
    "enrolments",
    "pools",
    "formulas",
    "policies",
    "suspects",
    "funds",
    "transfers",
    "grants",
    "burn_down",
    "sellers",
    "withdrawals",
    "bounties",
    "claims",
    "bounty_fees",
    "creators",
    "explain",
    "payees",
    "payouts",
    "attempts",
    "files",
    "statements",
    "taxes",
    "onboarding",
    "top_ups",
    "webhooks",
    "ledger",
    "verify",
    "seals",
    "books",
    "periods",
    "adjustments",
    "exports",
    "reports",
    "reconciliation",
    "health",
    "metrics",
    "docs",
)
MAX_BODY = 32 * 1024 * 1024
WAITED = "kopeck.waited"  # in a request's environment: seconds that it has waited for a thread
MOST_WAITED = 8.0  # less than a lock is waited for, so that what waits behind such requests is turned away with the first
log = structlog.get_logger()


class KopeckApi(Api):
    """flask-smorest with problem documents, in answers and in the document."""

    def _register_responses(self) -> None:
        problem = {"$ref": "#/components/schemas/Problem"}
        named = {
            "DEFAULT_ERROR": "A problem document (RFC 9457)",
            "UNPROCESSABLE_ENTITY": "Malformed or unknown fields; `errors` points at each",
        }
        for name, about in named.items():
            self.spec.components.response(
                name, {"description": about, "content": {"application/problem+json": {"schema": problem}}}
            )

    def handle_http_exception(self, error: HTTPException) -> Response:
        return errors.from_http(error)


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "request_id")
    }
    | {
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def create_app(given: Runtime) -> Flask:
    """The WSGI application of one process."""
    app = Flask("kopeck", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.config.update(
        API_TITLE="Kopeck",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=MAX_BODY,
    )
    install(app, given)
    errors.register(app)
    _watch(app)
    _document(app)
    return app


def _document(app: Flask) -> None:
    api = KopeckApi(app)
    api.spec.components.schema("Problem", PROBLEM)
    api.spec.components.security_scheme(
        "key", {"type": "http", "scheme": "bearer", "bearerFormat": "kpk_live_…"}
    )
    api.spec.components.parameter(
        "IdempotencyKey",
        "header",
        {
            "name": "Idempotency-Key",
            "required": True,
            "schema": {"type": "string", "maxLength": 255},
            "description": "The same key and body give the first answer again.",
        },
    )
    for name in MODULES:
        blueprint = import_module(f"api.{name}").blp
        api.register_blueprint(blueprint) if hasattr(blueprint, "_docs") else app.register_blueprint(
            blueprint
        )


def _watch(app: Flask) -> None:
    """Request ids, safe headers, and one log line a request, with the route's template instead of its ids."""

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()
        # Whoever waited so long has mostly gone; turned away at once, the rest of a crowd holds up nobody.
        if request.environ.get(WAITED, 0.0) > MOST_WAITED and request.path != "/healthz":
            raise Unavailable("too_busy", "Too many requests at once; try again.", retry_after=2)

    @app.after_request
    def _finish(answer: Response) -> Response:
        answer.headers["X-Request-ID"] = errors.request_id()
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers.setdefault("Cache-Control", "no-store")
        principal = g.get("principal")
        log.info(
            "request",
            request_id=errors.request_id(),
            method=request.method,
            route=str(request.url_rule or "-"),
            status=answer.status_code,
            ms=round((time.perf_counter() - g.started) * 1000, 1),
            role=principal.role if principal else None,
            key=principal.key_id if principal else None,
        )
        return answer
