"""Public ids: a prefix and a UUIDv7 that carries our BIGINT key.

A UUIDv7 (RFC 9562, section 5.7) is 48 bits of milliseconds, the version, and 74 free bits that may hold a
counter. Ours holds the row's BIGINT, so the public id is time-ordered, needs no column and no second index,
and reads back to the primary key.
"""

import re
import uuid
from datetime import datetime

from core.errors import NotFound

REFERENCE_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_PUBLIC = re.compile(
    r"([a-z]{2,4})_([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})", re.ASCII
)
_VERSION = 7 << 76
_VARIANT = 2 << 62


def public_id(prefix: str, key: int, created_at: datetime) -> str:
    """The text that stands for row `key` outside: `ent_0193…`."""
    millis = int(created_at.timestamp() * 1000)
    text = f"{(millis << 80) | _VERSION | _VARIANT | key:032x}"  # as uuid.UUID writes it, which takes thrice the time
    return f"{prefix}_{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def key_of(prefix: str, text: str) -> int:
    """The BIGINT inside a public id.

    The caller compares `public_id` of the row it finds with the text, so that an id with a forged time is unknown.

    Raises:
        NotFound: `not_found`, for text that is not a public id of that kind.
    """
    match = _PUBLIC.fullmatch(text)
    if not match or match[1] != prefix:
        raise NotFound("not_found", "No such object.")
    return uuid.UUID(match[2]).int & ((1 << 62) - 1)


def is_reference(text: object) -> bool:
    """Is it a reference of the marketplace's: 1 to 64 of `A-Z a-z 0-9 . _ -`?"""
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None
