"""The sender of events: signs, shuffles, repeats, delays."""

import hashlib
import hmac
import json
import random
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from stripe_standin.state import Object, State


def signature(secret: str, payload: bytes, at: int) -> str:
    """The value of the header Stripe-Signature."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass
class _Endpoint:
    url: str
    secret: str
    auto: bool = False
    repeat: int = 1
    most_delay: float = 0.0
    tries: int = 3
    seed: int = 0


class Sender:
    """Events go out when a test says so (`deliver`), or by themselves to endpoints with `auto`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._endpoints: list[_Endpoint] = []
        self._random = random.Random(0)
        self._pool = ThreadPoolExecutor(8)
        self._running = 0
        self._changed = threading.Condition()
        state.listeners.append(self._on_event)

    def add(self, url: str, secret: str, **options: Any) -> None:
        endpoint = _Endpoint(url, secret, **options)
        self._random.seed(endpoint.seed)
        self._endpoints.append(endpoint)

    def deliver(
        self,
        ids: list[str] | None = None,
        order: str = "given",
        repeat: int = 1,
        parallel: int = 1,
        seed: int = 0,
        secret: str | None = None,
        late: int = 0,
    ) -> list[Object]:
        """Send events (all, or these in this order) to every endpoint; `order`: given, reversed, shuffled.

        `late` is added to the time of the signature; `secret` signs instead of the endpoint's own.
        """
        by_id = {event["id"]: event for event in self._state.events}
        chosen = [by_id[id] for id in (ids if ids is not None else list(by_id))] * repeat
        chosen = chosen[::-1] if order == "reversed" else chosen
        if order == "shuffled":
            random.Random(seed).shuffle(chosen)
        sent = [(endpoint, event) for event in chosen for endpoint in self._endpoints]
        with ThreadPoolExecutor(parallel) as pool:
            return list(pool.map(lambda pair: self._send(*pair, secret, late), sent))

    def wait(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)

    def _on_event(self, event: Object) -> None:
        for endpoint in self._endpoints:
            for _ in range(endpoint.repeat if endpoint.auto else 0):
                with self._changed:
                    self._running += 1
                self._pool.submit(self._soon, endpoint, event, self._random.uniform(0, endpoint.most_delay))

    def _soon(self, endpoint: _Endpoint, event: Object, delay: float) -> None:
        try:
            for attempt in range(endpoint.tries):
                time.sleep(delay + 0.2 * attempt)
                if self._send(endpoint, event, None, 0)["status"] in range(200, 300):
                    return
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _send(self, endpoint: _Endpoint, event: Object, secret: str | None, late: int) -> Object:
        payload = json.dumps(event, indent=2).encode()
        signed = signature(secret or endpoint.secret, payload, int(self._state.now()) + late)
        headers = {"Stripe-Signature": signed, "Content-Type": "application/json; charset=utf-8"}
        request = urllib.request.Request(endpoint.url, payload, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return {"event": event["id"], "status": answer.status}
        except urllib.error.HTTPError as error:
            error.close()
            return {"event": event["id"], "status": error.code}
        except OSError as error:
            return {"event": event["id"], "status": 0, "error": str(error)}
