"""What a refused row is told: a stable code, and a sentence that holds nothing of a person."""

import re

import msgspec

from attribution.staging import RowError
from core.errors import Invalid
from core.ids import is_reference

_FIELD = re.compile(r"at `\$\.([a-z_]{1,20})`\Z")
_NAMES = frozenset(
    (
        "id",
        "type",
        "occurred_at",
        "viewer",
        "content",
        "product",
        "order",
        "quantity",
        "amount",
        "currency",
        "watch_ms",
        "completed",
    )
)


class _Named(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


def refusal(index: int, line: bytes | msgspec.Raw, error: Exception) -> RowError:
    """The row error for what decoding raised."""
    if isinstance(error, Invalid):
        code, detail = error.code, error.detail
    elif isinstance(error, msgspec.ValidationError):
        code, detail = _code(str(error)), str(error)
    else:
        code, detail = "broken_json", "The row is not JSON."
    return RowError(index, _id(line), code, _plain(detail))


def _code(message: str) -> str:
    field = _FIELD.search(message)
    if "missing required field" in message:
        return "missing_field"
    if "unknown field" in message:
        return "unknown_field"
    if field and field[1] == "type":
        return "unknown_type"
    return f"bad_{field[1]}" if field and field[1] in _NAMES else "bad_event"


def _id(line: bytes | msgspec.Raw) -> str | None:
    try:
        found = msgspec.json.decode(msgspec.json.decode(line, type=_Named).id)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if is_reference(found) else None


def _plain(detail: str) -> str:
    """At most 200 printable ASCII characters: a field name or a type may be anything."""
    return re.sub(r"[^ -~]", "?", detail[:200])
