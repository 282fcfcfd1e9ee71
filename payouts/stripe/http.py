"""How we speak HTTP to Stripe, below the official library: with short timeouts, no redirects, no retries, at a bounded rate.

The library would wait 80 seconds and follow redirects. A call that was not answered in time costs nothing here: it is
looked up. But it must never be made late, when another worker may have taken the payout over; so each call carries the
moment after which it may not begin any more, however long it waited for its turn.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import stripe
import urllib3
from stripe import APIConnectionError, HTTPClient

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
LONGEST_PAUSE = 60.0  # a Retry-After beyond it is not believed

_begin_by: ContextVar[float | None] = ContextVar("begin_by", default=None)


class TooLate(Exception):
    """The call was not made: its time was over before its turn came."""


@contextmanager
def begin_by(moment: float) -> Iterator[None]:
    """Calls within it that would begin after `moment` (of `time.time()`) are not made and raise `TooLate`."""
    token = _begin_by.set(moment)
    try:
        yield
    finally:
        _begin_by.reset(token)


class Turns:
    """So many calls a second over all threads; none while the provider asks for a pause."""

    def __init__(self, rate: int) -> None:
        self._gap = 1.0 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._gap
        if (pause := turn - time.monotonic()) > 0:
            time.sleep(pause)

    def pause(self, seconds: float) -> None:
        """Nobody whose turn has not come yet begins before that."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + min(seconds, LONGEST_PAUSE))


class BoundedHttp(HTTPClient):
    """The library's HTTP client, made of urllib3."""

    name = "urllib3"

    def __init__(self, turns: Turns, connections: int, read_seconds: float = READ_SECONDS) -> None:
        super().__init__()
        self._turns = turns
        self._seconds = read_seconds
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            retries=False,
            ca_certs=stripe.ca_bundle_path,
        )

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Body, status and headers, whatever the status.

        Raises:
            TooLate: it was not made.
            APIConnectionError: it was made, or not; nobody knows.
        """
        self._turns.wait()
        latest = _begin_by.get()
        if latest is not None and time.time() > latest:
            raise TooLate
        try:
            answer = self._pool.request(
                method.upper(), url, body=post_data, headers=headers, redirect=False, preload_content=False
            )
            try:
                body = self._read(answer)
            finally:
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise APIConnectionError(f"{type(error).__name__}: {error}") from error
        if answer.status == 429:
            self._turns.pause(_seconds(answer.headers.get("Retry-After")))
        return body, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        """All of the body; one that comes drop by drop may not hold a worker for long."""
        until = time.monotonic() + self._seconds
        parts = []
        for part in answer.stream(65536):
            parts.append(part)
            if time.monotonic() > until:
                answer.close()
                raise TimeoutError("the answer's body takes too long")
        return b"".join(parts)


def _seconds(text: str | None) -> float:
    """A Retry-After in seconds; without one, a second."""
    return float(text) if text and text.isascii() and text.isdigit() else 1.0
