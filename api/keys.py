"""API keys: `kpk_live_<id>_<secret>`; the last six characters of the secret are its CRC.

The key is shown once and stored as a SHA-256 of its secret: it has 256 random bits, so a slow hash would add nothing.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.tables import api_key
from core.errors import Forbidden, Invalid, NotFound
from core.ids import is_reference

ROLES = ("platform", "operator", "finance", "seller", "creator", "auditor")
SCOPES = ("backfill",)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"kpk_live_([0-9a-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a role, the creator or seller it speaks for, and the person who holds the key."""

    key_id: str
    role: str
    subject: str | None
    person: str
    scopes: tuple[str, ...] = ()


def _crc(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def create_key(
    session: Session, role: str, person: str, subject: str | None = None, scopes: Sequence[str] = ()
) -> str:
    """A new key, as text that is never to be seen again.

    Raises:
        Invalid: `bad_role`, `bad_subject` (creators and sellers need one, others have none), `bad_person`, `bad_scope`.
    """
    if role not in ROLES:
        raise Invalid("bad_role", f"The role is one of {', '.join(ROLES)}.")
    if (role in {"seller", "creator"}) != (subject is not None):
        raise Invalid(
            "bad_subject",
            "A creator's or seller's key needs the subject it speaks for; other roles have none.",
        )
    if subject is not None and not is_reference(subject):
        raise Invalid("bad_subject", "A subject is 1 to 64 of A-Z a-z 0-9 . _ -")
    if not person.strip() or len(person) > 200 or "\0" in person:
        raise Invalid("bad_person", "A key names the person who holds it.")
    if set(scopes) - set(SCOPES):
        raise Invalid("bad_scope", f"The scopes are {', '.join(SCOPES)}.")
    key_id = "".join(secrets.choice(_ALPHABET[:10] + _ALPHABET[36:]) for _ in range(12))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    session.execute(
        api_key.insert().values(
            id=key_id,
            secret_hash=_hash(secret),
            role=role,
            subject=subject,
            person=person.strip(),
            scopes=list(scopes),
        )
    )
    return f"kpk_live_{key_id}_{secret}{_crc(key_id + secret)}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def principal_of(session: Session, token: str, now: datetime) -> Principal:
    """Whom a key stands for.

    Raises:
        Forbidden: `not_authenticated`, for a mistyped, unknown, revoked or expired key alike.
    """
    refused = Forbidden("not_authenticated", "Send a valid key: Authorization: Bearer kpk_live_…")
    match = _KEY.fullmatch(token)
    if not match or not hmac.compare_digest(_crc(match[1] + match[2]), match[3]):
        raise refused
    row = session.execute(select(api_key).where(api_key.c.id == match[1])).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(match[2])):
        raise refused
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise refused
    return Principal(row.id, row.role, row.subject, row.person, tuple(row.scopes))


def list_keys(session: Session) -> list[dict[str, object]]:
    """All keys without their secrets, oldest first."""
    columns = [c for c in api_key.c if c.name != "secret_hash"]
    return [dict(row._mapping) for row in session.execute(select(*columns).order_by(api_key.c.created_at))]


def revoke_key(session: Session, key_id: str, now: datetime) -> None:
    """From now on the key is refused.

    Raises:
        NotFound: no such key, or revoked before.
    """
    found = session.execute(
        update(api_key)
        .where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_key.c.id)
    )
    if found.first() is None:
        raise NotFound("not_found", f"No live key {key_id!r}.")
