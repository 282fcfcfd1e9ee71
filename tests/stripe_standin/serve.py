"""The HTTP face: one thread a connection, each request logged with what it was answered."""

import json
import threading
import time
import urllib.parse
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stripe_standin.control import Control
from stripe_standin.faults import Fault, Faults, kill_caller
from stripe_standin.forms import bare, decode
from stripe_standin.idempotency import Cache
from stripe_standin.routes import route
from stripe_standin.state import Call, Object, Refusal, State
from stripe_standin.webhooks import Sender

_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Standin:
    """All parts of one server, and the exchanges it had."""

    def __init__(self) -> None:
        self.state = State()
        self.faults = Faults()
        self.cache = Cache(self.state)
        self.sender = Sender(self.state)
        self.log: list[Object] = []
        self.control = Control(self)
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def answer(self, call: Call, authorized: bool, fault: Fault | None) -> tuple[int, Object, dict[str, str]]:
        """Status, body and headers, with the effect."""
        do = fault.do if fault else ""
        try:
            if not authorized or not self.state.keys_valid:
                raise Refusal(401, "Invalid API Key provided: sk_test_***")
            if (fault and do == "rate_limit") or self._too_many():
                wait = str(fault.retry_after) if fault and fault.retry_after is not None else None
                refused = Refusal(429, "Request rate limit exceeded.", "rate_limit")
                return 429, refused.body, {"Retry-After": wait} if wait else {}
            stored = self.cache.begin(call) if call.method == "POST" and call.key else None
        except Refusal as refused:
            return refused.status, refused.body, {}
        if stored:
            return *stored, {"Idempotent-Replayed": "true"}
        time.sleep(self.state.latency + (fault.seconds if fault and do == "delay" else 0))
        done = None if do in ("answer", "error_before") else _run(self.state, call)
        told = _told(fault) if fault and do in ("answer", "error_before", "error_after") else done
        assert told is not None
        if call.method == "POST" and call.key:
            self.cache.finish(call, told if fault is None or fault.cached else done)
        return *told, {}

    def _too_many(self) -> bool:
        """More calls than `rate` within the last second?"""
        if not self.state.rate:
            return False
        with self._lock:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.state.rate:
                return True
            self._recent.append(now)
            return False


def _told(fault: Fault) -> tuple[int, Object]:
    """The error that a fault asks for."""
    error = {"type": "api_error" if fault.status >= 500 else "invalid_request_error"}
    return fault.status, {"error": error | {"message": "An unknown error occurred"} | fault.error}


def _run(state: State, call: Call) -> tuple[int, Object]:
    try:
        handler, ids = route(call.method, call.path)
        with state.lock:
            made = handler(state, Call(**vars(call) | {"ids": ids}))
            return 200, json.loads(json.dumps(bare(made)))
    except Refusal as refused:
        return refused.status, refused.body


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    standin: Standin

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the caller died while it spoke; half a request is none
            return self._close()
        address = urllib.parse.urlsplit(self.path)
        if address.path.startswith("/_control/"):
            return self._control(address.path, body)
        call = Call(
            self.command,
            address.path,
            decode(body.decode("utf-8", "replace")),
            decode(address.query),
            self.headers.get("Stripe-Account", ""),
            self.headers.get("Idempotency-Key"),
            body.decode("utf-8", "replace"),
        )
        self._exchange(call, self.standin.faults.take(call))

    def _exchange(self, call: Call, fault: Fault | None) -> None:
        do = fault.do if fault else ""
        entry = self._logged(call, do)
        if fault and do == "kill":
            kill_caller(fault.pid, self.client_address[1], self.server.server_address[1])
        if do == "drop_before":
            return self._close()
        if do == "html_before":
            return self._send(502, _PAGE, {}, "text/html")
        authorized = self.headers.get("Authorization", "").startswith("Bearer sk_")
        status, body, headers = self.standin.answer(call, authorized, fault)
        entry |= {"status": status, "answer": body, "replayed": "Idempotent-Replayed" in headers}
        if fault and do == "hang":
            time.sleep(fault.seconds)
        self._reply(do, status, json.dumps(body).encode(), headers)

    def _reply(self, do: str, status: int, text: bytes, headers: dict[str, str]) -> None:
        if do == "drop_after":
            return self._close()
        if do == "html":
            return self._send(200, _PAGE, {}, "text/html")
        if do == "truncate":
            self._send(status, text[: len(text) // 2], {"Content-Length": str(len(text))})
            return self._close()
        self._send(status, text[: len(text) // 2] if do == "broken_json" else text, headers)

    def _logged(self, call: Call, fault: str) -> Object:
        entry: Object = {
            "at": self.standin.state.now(),
            "method": call.method,
            "path": self.path,
            "body": call.body,
            "params": call.params,
            "key": call.key,
            "account": call.account,
            "version": self.headers.get("Stripe-Version"),
            "fault": fault,
            "status": None,
        }
        self.standin.log.append(entry)
        return entry

    def _control(self, path: str, body: bytes) -> None:
        try:
            asked = json.loads(body) if body else {}
            done: Any = self.standin.control.do(path.removeprefix("/_control/"), asked)
            self._send(200, json.dumps(done).encode(), {})
        except Exception as error:
            self._send(400, json.dumps({"error": repr(error)}).encode(), {})

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], kind: str = "application/json"
    ) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.send_header("Request-Id", "req_" + str(len(self.standin.log)))
        self._headers_buffer.append(b"\r\n")
        self.wfile.write(b"".join(self._headers_buffer) + body)
        self._headers_buffer = []

    def _close(self) -> None:
        self.close_connection = True

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, *_: Any) -> None:
        """The log is asked for by a control endpoint."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A caller that went away, often because it was killed on purpose."""


def make_server(port: int) -> Server:
    """A server on loopback; port 0 takes a free one."""
    handler = type("BoundHandler", (Handler,), {"standin": Standin()})
    return Server(("127.0.0.1", port), handler)
