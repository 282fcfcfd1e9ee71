"""The stand-in for Stripe in a thread, and a line to it that a worker can die or be held up on."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any, ClassVar

from stripe_standin.serve import Standin, make_server

from payouts.stripe import client, deliver
from payouts.stripe.http import BoundedHttp, TooLate, Turns

READ_SECONDS = 0.25  # in place of 10: what is later than that counts as lost
HANGS = 0.4


class Died(BaseException):
    """The worker is gone in the middle of what it did: nothing of ours catches it, as nothing catches kill -9."""


class Line(BoundedHttp):
    """The product's own transport; `watch` is told of each call before it and after it."""

    watch: ClassVar[Callable[[str, str], bool]]

    def __init__(self, turns: Turns, connections: int, read_seconds: float = READ_SECONDS) -> None:
        super().__init__(turns, connections, READ_SECONDS)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        if Line.watch("before", method):  # held up for longer than a call may wait for its turn
            raise TooLate
        try:
            return super().request(method, url, headers, post_data)
        finally:
            Line.watch("after", method)


class Stripe:
    """A stand-in of one seed, its clock set by the simulation."""

    def __init__(self) -> None:
        self._server = make_server(0)
        self.standin: Standin = self._server.RequestHandlerClass.standin  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def control(self, name: str, **asked: Any) -> Any:
        return self.standin.control.do(name, asked)

    def set_clock(self, now: datetime) -> None:
        self.control("clock", at=now.timestamp())

    @property
    def transfers(self) -> list[dict[str, Any]]:
        with self.standin.state.lock:
            return list(self.standin.state.transfers.values())

    @property
    def events(self) -> list[dict[str, Any]]:
        with self.standin.state.lock:
            return list(self.standin.state.events)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def install() -> None:
    """From here on every client of this process speaks over a `Line`, and a worker's pauses take no time."""
    client.BoundedHttp = Line  # type: ignore[misc]
    deliver.time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: None)  # type: ignore[assignment]
    client._client.cache_clear()


def uninstall() -> None:
    client.BoundedHttp = BoundedHttp  # type: ignore[misc]
    deliver.time = time  # type: ignore[assignment]
    client._client.cache_clear()
