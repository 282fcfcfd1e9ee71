"""Is the process alive, is the service ready: outside /v1, without a key."""

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from sqlalchemy import text

from api.runtime import runtime
from core.database import transaction
from core.errors import KopeckError
from core.revision import check_revision

SCHEDULER_SILENT = 30  # seconds without a tick after which the service is not ready
_CHECKS = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
blp = Blueprint("service", "service", description="Health")


@blp.get("/healthz")
@blp.response(200, _CHECKS)
def healthz() -> Response:
    """The process answers"""
    return jsonify(status="ok")


@blp.get("/readyz")
@blp.response(200, _CHECKS)
@blp.alt_response(503, schema=_CHECKS)
def readyz() -> Response:
    """Database, schema and scheduler, each by name"""
    checks = _checks()
    ready = all(check["ok"] for check in checks.values())
    answer = jsonify(status="ready" if ready else "not ready", checks=checks)
    answer.status_code = 200 if ready else 503
    return answer


def _checks() -> dict[str, dict[str, Any]]:
    try:
        with transaction(runtime().engine) as session:
            silent = session.scalar(text("SELECT extract(epoch FROM now() - max(ticked_at)) FROM scheduler"))
            check_revision(session.connection())
    except KopeckError as error:
        return {"database": {"ok": False, "detail": error.detail}}
    ticking = silent is not None and silent < SCHEDULER_SILENT
    return {
        "database": {"ok": True},
        "scheduler": {
            "ok": ticking,
            "seconds_since_tick": None if silent is None else round(float(silent), 1),
        },
    }
