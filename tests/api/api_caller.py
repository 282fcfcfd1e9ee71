"""Calls by role, every refusal checked to be a problem document that gives nothing away."""

import itertools
import json as json_
import re
import threading
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

PROBLEM = {"type", "title", "status", "detail", "instance", "code", "request_id"}
LEAK = re.compile(
    r"Traceback|File \"|psycopg2|sqlalchemy|werkzeug|SELECT .* FROM|INSERT INTO|UPDATE .* SET|relation \"|line \d+, in "
)
_fresh = itertools.count(1)


class Clock:
    """The service's clock; the tests set it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)


class Caller:
    """`call(role, method, path, json=…, **headers)`: a key is added, and a fresh Idempotency-Key to every POST.

    A header given as None is left out. `role` None: without a key.
    """

    def __init__(self, app: Flask, keys: dict[str, str]) -> None:
        self.app, self.keys, self._local = app, keys, threading.local()

    def __call__(
        self, role: str | None, method: str, path: str, json: Any = None, *, body: Any = None, **headers: Any
    ) -> TestResponse:
        sent: dict[str, str | None] = {}
        if role is not None:
            sent["Authorization"] = f"Bearer {self.keys[role]}"
        if method == "POST":
            sent["Idempotency-Key"] = f"fresh-{next(_fresh)}"
        sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        given: dict[str, Any] = {} if body is None else {"data": body}
        if body is None and json is not None:  # escaped ASCII, so that half a surrogate pair gets through
            given = {"data": json_.dumps(json)}
            sent.setdefault("Content-Type", "application/json")
        answer = self._client().open(
            path, method=method, headers={n: v for n, v in sent.items() if v is not None}, **given
        )
        return checked(answer)

    def ok(self, role: str, method: str, path: str, json: Any = None, **headers: Any) -> Any:
        """The JSON of a call that must go well."""
        answer = self(role, method, path, json, **headers)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json if answer.is_json else answer.text

    def _client(self) -> Any:
        if not hasattr(self._local, "client"):
            self._local.client = self.app.test_client(use_cookies=False)
        return self._local.client


def checked(answer: TestResponse) -> TestResponse:
    """Itself, when a refusal is a whole problem document without a trace of our insides."""
    assert answer.headers["X-Request-ID"].startswith("req_")
    if answer.status_code < 400:
        return answer
    assert answer.content_type == "application/problem+json", answer.text
    assert answer.json.keys() >= PROBLEM, answer.json
    assert answer.json["status"] == answer.status_code
    if "Idempotency-Replayed" not in answer.headers:  # a replay names the request that was refused first
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert not LEAK.search(answer.text), answer.text
    return answer
