"""The documentation page: swagger-ui from its package, with a page and a script of ours; works offline."""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as WerkzeugResponse

blp = Blueprint("docs", __name__)
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


def _own(name: str) -> Response:
    body = files("api").joinpath("pages", name).read_text(encoding="utf-8")
    answer = Response(body, mimetype=_KINDS[Path(name).suffix])
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@blp.get("/")
def home() -> WerkzeugResponse:
    """Whoever opens the address in a browser wants the documentation."""
    return redirect("/docs")


@blp.get("/docs")
def page() -> Response:
    """The operations, to read and to try."""
    return _own("docs.html")


@blp.get("/docs/errors")
def errors() -> Response:
    """What the problem documents' codes mean."""
    return _own("errors.html")


@blp.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    """Our own script and style, then swagger-ui's files."""
    if name in {"docs.js", "docs.css"}:
        return _own(name)
    return send_from_directory(str(files("flask_swagger_ui").joinpath("dist")), name)
