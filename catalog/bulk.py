"""The catalog in bulk: NDJSON in, one set-based step a kind, and every bad line by its number."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from catalog.apply import KINDS, upsert_rows
from catalog.decode import Row, decode_line
from catalog.limits import MAX_ROWS
from core.errors import Invalid
from core.ids import is_reference
from core.secrets import Vault

Numbered = tuple[int, Row]


@dataclass(frozen=True, slots=True)
class CatalogResult:
    """Accepted lines by type (also those that a later line of the same id replaced), and the others one by one.

    An error is {"index", "id", "code", "detail"}; the index counts lines from 0, blank ones too.
    """

    accepted: dict[str, int]
    rejected: int
    errors: list[dict[str, Any]]


def load_catalog(session: Session, body: bytes, now: datetime, vault: Vault) -> CatalogResult:
    """Write what is good, list what is not. Lines may refer to later ones; the last line of an id wins.

    Raises:
        Invalid: `too_many_rows`; nothing was written.
    """
    errors: list[dict[str, Any]] = []
    kinds = _decode(body, errors)
    accepted = {}
    for kind, name in KINDS.items():
        lines = kinds[kind]
        rejected = upsert_rows(session, kind, [row for _, row in lines], now, vault) if lines else []
        accepted[name] = len(lines) - len(rejected)
        for item in rejected:
            index, row = lines[item.index]
            errors.append(_error(index, getattr(row, "id", None), item.code, item.detail))
    errors.sort(key=lambda error: error["index"])
    return CatalogResult(accepted, len(errors), errors)


def _decode(body: bytes, errors: list[dict[str, Any]]) -> dict[type[Row], list[Numbered]]:
    kinds: dict[type[Row], list[Numbered]] = defaultdict(list)
    for index, line in _lines(body):
        try:
            row = decode_line(line)
        except Invalid as error:
            detail = f"{error.pointer}: {error.detail}" if error.pointer else error.detail
            errors.append(_error(index, _id_of(line), error.code, detail))
        else:
            kinds[type(row)].append((index, row))
    return kinds


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    lines = [
        (i, line) for i, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n")) if line.strip()
    ]
    if len(lines) > MAX_ROWS:
        raise Invalid("too_many_rows", f"More than {MAX_ROWS} lines: send them in parts.")
    return iter(lines)


def _id_of(line: bytes) -> str | None:
    """The id of a line that was refused, if it has one that can be said again."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    id = value.get("id") if isinstance(value, dict) else None
    return id if is_reference(id) else None


def _error(index: int, id: str | None, code: str, detail: str) -> dict[str, Any]:
    return {"index": index, "id": id, "code": code, "detail": detail}
