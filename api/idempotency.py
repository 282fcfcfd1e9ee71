"""Answer a repeated request once: same key and body, same answer; the effect and the stored answer are one transaction."""

import hashlib
import re
from collections.abc import Callable

from flask import Response, json, request
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.errors import from_refusal
from api.tables import idempotency
from core.database import savepoint
from core.errors import Conflict, Forbidden, Invalid, NotFound, Refused

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


def idempotency_key() -> str:
    """The request's key, quoted or bare.

    Raises:
        Invalid: `idempotency_key_missing`, `idempotency_key_malformed` (both 400).
    """
    sent = request.headers.get("Idempotency-Key")
    if sent is None or not sent.strip():
        raise Invalid(
            "idempotency_key_missing",
            "This request needs an Idempotency-Key header; see /docs/errors#idempotency_key_missing.",
        )
    key = sent.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise Invalid(
            "idempotency_key_malformed",
            "An Idempotency-Key is 1 to 255 visible ASCII characters, in quotes or without.",
        )
    return key


def fingerprint(operation: str, body: object) -> bytes:
    """What makes two requests the same: operation with its path, query, and the body's content."""
    canonical = json.dumps([operation, sorted(request.args.items(multi=True)), body], sort_keys=True)
    return hashlib.sha256(canonical.encode()).digest()


def stored_answer(session: Session, caller: str) -> Response | None:
    """What the caller's key was answered before, if it was.

    Raises:
        Invalid: `idempotency_key_reused` (422), the key came with another request.
    """
    query = select(idempotency).where(idempotency.c.caller == caller, idempotency.c.key == idempotency_key())
    stored = session.execute(query).one_or_none()
    if stored is None:
        return None
    return _replay(stored, fingerprint(f"{request.method} {request.path}", request.get_json(silent=True)))


def answer_once(session: Session, caller: str, act: Callable[[], Response]) -> Response:
    """Run `act` unless the caller's key has an answer already; then give that again.

    A refusal is an answer too and is stored, while its effects are undone. A process that dies leaves neither.

    Raises:
        Invalid: `idempotency_key_reused` (422), the key came with another request.
        Conflict: `idempotency_key_in_use`, the first request is still running.
    """
    key = idempotency_key()
    operation = f"{request.method} {request.path}"
    print_ = fingerprint(operation, request.get_json(silent=True))
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    if not session.scalar(lock, {"name": f"idempotency {caller} {key}"}):
        raise Conflict("idempotency_key_in_use", "The first request with this key is still running.")
    stored = stored_answer(session, caller)
    if stored is not None:
        return stored
    answer = _run(session, act)
    session.execute(
        idempotency.insert().values(
            caller=caller,
            key=key,
            operation=operation,
            fingerprint=print_,
            status=answer.status_code,
            content_type=answer.content_type,
            body=answer.get_data(),
        )
    )
    return answer


def _run(session: Session, act: Callable[[], Response]) -> Response:
    try:
        with savepoint(session):
            return act()
    except (Refused, Conflict, NotFound, Forbidden) as refusal:
        return from_refusal(refusal)


def _replay(stored: object, print_: bytes) -> Response:
    if stored.fingerprint != print_:
        raise Invalid(
            "idempotency_key_reused", "This Idempotency-Key was used for another request; take a new one."
        )
    answer = Response(bytes(stored.body), stored.status, content_type=stored.content_type)
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
