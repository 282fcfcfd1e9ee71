"""What a valid request of an operation is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Valid:
    """`role` sends `json` (or `body`) to `path` and gets `status`.

    `other`: another body for the same key. `refused`: a path and body that the state of things refuses. `foreign`: the
    same of another creator's, and `missing`: of nobody's, where the operation knows owners.
    """

    role: str
    path: str
    json: Any = None
    status: int = 200
    other: Any = None
    refused: tuple[str, Any] | None = None
    foreign: str | None = None
    missing: str | None = None
    body: bytes | None = None
    headers: Any = None
