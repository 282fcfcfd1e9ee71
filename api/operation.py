"""One decorator makes an operation: who may call it, what goes in, what comes out, in one transaction.

The functions it wraps take the session first, then the parsed body or query, then the path's parameters; they call
one domain function and return what the answer schema shows. Nothing else in `api/` opens a transaction.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Response, g, jsonify, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from sqlalchemy.orm import Session

from api.fields import page_of
from api.idempotency import answer_once, idempotency_key, stored_answer
from api.keys import Principal, principal_of
from api.paging import Page, PageQuery
from api.runtime import runtime
from core.database import transaction
from core.errors import Conflict, Forbidden, Invalid, NotFound, Refused

EVERYONE = ("platform", "operator", "finance", "seller", "creator", "auditor")
STAFF = ("operator", "finance", "auditor")
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_JSON_METHODS = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Operation:
    """What the contract says of one operation; the authorization matrix in the tests is read from these."""

    method: str
    path: str
    roles: tuple[str, ...]
    own: str | None
    idempotent: bool


OPERATIONS: list[Operation] = []


def caller() -> Principal:
    """Who makes the current request."""
    return g.principal  # type: ignore[no-any-return]


def operation(
    blp: Blueprint,
    method: str,
    path: str,
    *,
    roles: tuple[str, ...],
    own: str | None = None,
    body: type[Schema] | None = None,
    query: type[Schema] | None = None,
    answer: type[Schema] | None = None,
    many: bool = False,
    status: int = 200,
    idempotent: bool = False,
    raw: bool = False,
    transacted: bool = True,
    first: Callable[..., Any] | None = None,
    produces: str = "application/json",
    documented: dict[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `method path` on a blueprint.

    `own` names the path parameter that must be the caller's own subject when the caller is a creator or a seller.
    `many`: a list; the view returns a `Page` and the query takes limit and cursor. `raw`: the view reads the body
    itself. A view may return a Response where the answer is no JSON but what it `produces`. `transacted` False: the
    view's domain function has transactions of its own, so the view gets no session. `first`: what somebody
    outside is asked before, with the view's arguments and no transaction open; the view gets its result after the session.
    It must be harmless when repeated, and stands only where the operation is idempotent. `documented`: what the document
    says of the operation besides what is known from here.
    """
    OPERATIONS.append(Operation(method, path, roles, own, idempotent))
    shown = page_of(answer) if many and answer else answer
    query = query or (PageQuery if many else None)
    dumped = _dumper(shown)
    reads = method == "GET" and transacted

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        def act(*parsed: Any, **path_args: Any) -> Response:
            def run(session: Session) -> Response:
                return _respond(view(session, *parsed, **path_args), dumped, status)

            if not transacted:
                return _respond(view(*parsed, **path_args), dumped, status)
            if first is not None:
                shown_as = functools.partial(_respond, dumped=dumped, status=status)
                return _answer_after(first, view, parsed, path_args, shown_as)
            if reads:
                return run(g.session)
            with transaction(runtime().engine) as session:
                if idempotent:
                    return answer_once(session, caller().key_id, lambda: run(session))
                return run(session)

        act.__name__, act.__doc__, act.__module__ = view.__name__, view.__doc__, view.__module__
        parsed_view = _documented(blp, act, query, body, _in_document(shown, produces), status, produces)

        @functools.wraps(parsed_view)
        def guarded(**path_args: Any) -> Any:
            with _admitted(roles, reads):
                _own(own, path_args)
                _well_formed(method, body is not None, raw, query is not None)
                if idempotent:
                    idempotency_key()
                return parsed_view(**path_args)

        options = _options(view.__name__, idempotent) | (documented or {})
        return blp.route(path, methods=[method])(blp.doc(**options)(guarded))

    return decorate


def _options(name: str, idempotent: bool) -> dict[str, Any]:
    keyed = {"parameters": ["IdempotencyKey"]} if idempotent else {}
    return {"security": [{"key": []}], "operationId": name} | keyed


def _in_document(shown: type[Schema] | None, produces: str) -> Any:
    """The answer's schema as the document shows it: none for an empty answer, text for what is no JSON."""
    if produces != "application/json":
        return {"type": "string"}
    return None if shown is Empty else shown


def _documented(
    blp: Blueprint, act: Callable[..., Any], query: Any, body: Any, shown: Any, status: int, produces: str
) -> Callable[..., Any]:
    if body is not None:
        act = blp.arguments(body, unknown=RAISE)(act)
    if query is not None:
        act = blp.arguments(query, location="query", unknown=RAISE)(act)
    return blp.response(status, shown, content_type=produces)(act)


def _answer_after(
    first: Callable[..., Any],
    view: Callable[..., Any],
    parsed: tuple[Any, ...],
    path_args: dict[str, Any],
    shown_as: Callable[[Any], Response],
) -> Response:
    """Ask, then answer. A key that has its answer asks nobody again; a refusal is an answer, no answer is none."""
    with transaction(runtime().engine) as session:
        if (stored := stored_answer(session, caller().key_id)) is not None:
            return stored
    refusal, given = None, None
    try:
        given = first(*parsed, **path_args)
    except (Refused, Conflict, NotFound, Forbidden) as refused:
        if refused.code == "idempotency_key_in_use":
            raise
        refusal = refused

    def act(session: Session) -> Response:
        if refusal is not None:
            raise refusal
        return shown_as(view(session, given, *parsed, **path_args))

    with transaction(runtime().engine) as session:
        return answer_once(session, caller().key_id, lambda: act(session))


def _dumper(shown: type[Schema] | None) -> Schema | None:
    """One for all requests: making it, with all that is nested in it, costs more than dumping."""
    return shown() if shown and shown is not Empty else None


def _respond(result: Any, dumped: Schema | None, status: int) -> Response:
    if isinstance(result, Response):
        return result
    if isinstance(result, Page):
        result = {"data": result.rows, "next_cursor": result.next_cursor}
    answer = jsonify(dumped.dump(result)) if dumped else Response(status=status)
    answer.status_code = status
    return answer


@contextmanager
def _admitted(roles: tuple[str, ...], reads: bool) -> Iterator[None]:
    """Within it the caller is known. What only reads shares the transaction, and the snapshot, of its key's check."""
    with transaction(runtime().engine) as session:
        if reads:
            session.connection(execution_options=_SNAPSHOT)
        _authenticate(session, roles)
        if reads:
            g.session = session
            yield
    if not reads:
        yield


def _authenticate(session: Session, roles: tuple[str, ...]) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    g.principal = principal_of(session, token if scheme.lower() == "bearer" else "", runtime().now())
    if g.principal.role not in roles:
        raise Forbidden("role_may_not", f"A {g.principal.role}'s key does not do this.")


def _own(own: str | None, path_args: dict[str, Any]) -> None:
    """Another's object answers exactly as one that does not exist, and so does what PostgreSQL takes for no text."""
    if any("\0" in str(value) for value in path_args.values()):
        raise NotFound("not_found", "No such object.")
    if own and caller().subject is not None and path_args[own] != caller().subject:
        raise NotFound("not_found", "No such object.")


def _well_formed(method: str, takes_body: bool, raw: bool, takes_query: bool) -> None:
    if any(len(values) > 1 for values in request.args.listvalues()):
        raise Invalid("repeated_parameter", "A query parameter stands once.")
    if any("\0" in value for value in request.args.values()):
        raise Invalid("malformed_fields", "A query parameter holds no NUL.")
    if request.args and not takes_query and not raw:
        raise Invalid("unknown_parameter", f"No such query parameter: {next(iter(request.args))}.")
    if takes_body and request.content_length and not request.is_json:
        raise Invalid("unsupported_media_type", "Send application/json.")
    if (
        method in _JSON_METHODS
        and not takes_body
        and not raw
        and request.get_data(cache=True).strip() not in (b"", b"{}")
    ):
        raise Invalid("unexpected_body", "This request takes no body.")


class Empty(Schema):
    """An answer without content."""
