"""Commands in this process, how they refuse, and a catalog for them to read."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from core import clock

SECRET = "6b" * 32
SEEN = (clock.now() - timedelta(hours=2)).isoformat()
Run = Callable[..., Result]


def said(result: Result, code: int, *parts: str) -> None:
    """A refusal: nothing on standard output, the parts on standard error, the exit code."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    for part in parts:
        assert part in result.stderr


def catalog(count: int) -> list[dict[str, Any]]:
    return [
        {"type": "creator", "id": "c1", "name": "Kira"},
        {"type": "seller", "id": "s1", "name": "Shop"},
        *({"type": "product", "id": f"p{n}", "seller": "s1", "title": "T", "price": {"amount": "10.00", "currency": "RUB"}, "category": "home"} for n in range(count)),
        {"type": "content", "id": "k1", "creator": "c1", "kind": "video", "published_at": "2026-10-01T00:00:00Z", "products": ["p0"]},
    ]  # fmt: skip


def view(number: int) -> dict[str, Any]:
    return {"type": "view", "id": f"e{number}", "occurred_at": SEEN, "viewer": "v1", "content": "k1", "watch_ms": 9000}  # fmt: skip


def write(path: Path, rows: list[Any], pack: bool = False) -> str:
    body = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
    path.write_bytes(gzip.compress(body) if pack else body)
    return str(path)
