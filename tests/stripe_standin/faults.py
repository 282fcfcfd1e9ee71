"""What goes wrong, with which request, how often."""

import os
import re
import signal
import threading
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stripe_standin.state import Call

KINDS = {
    "delay",  # waits `seconds` before the effect; its key answers 409 meanwhile
    "hang",  # takes effect, waits `seconds`, then answers
    "drop_before",  # closes the connection, nothing has happened
    "drop_after",  # takes effect, closes the connection
    "error_before",  # answers `status` (500), nothing has happened; the key keeps that answer if `cached`
    "error_after",  # takes effect, answers `status` (500); the key keeps that answer if `cached`
    "truncate",  # takes effect, sends half of the body and closes
    "broken_json",  # takes effect, sends half of the body as if it were whole
    "html",  # takes effect, answers 200 with a web page
    "html_before",  # answers 502 with a web page, nothing has happened
    "kill",  # kills the caller (or `pid`) when the request is received, then goes on as if nothing was
    "rate_limit",  # 429 before the cache, with `retry_after` if given
    "answer",  # answers `status` with `error`, nothing has happened; the key keeps it if `cached`
}


@dataclass
class Fault:
    """`match` is "METHOD /path" as a regular expression for the whole; `where` names form fields (a[b]=c) to equal."""

    do: str
    match: str = "POST /v1/transfers"
    where: dict[str, str] = field(default_factory=dict)
    skip: int = 0
    times: int | None = 1
    seconds: float = 30.0
    status: int = 500
    error: dict[str, Any] = field(default_factory=dict)
    cached: bool = True
    retry_after: int | None = None
    pid: int | None = None
    hits: int = 0

    def applies(self, call: Call) -> bool:
        if not re.fullmatch(self.match, f"{call.method} {call.path}"):
            return False
        return all(_at(call.params, name) == value for name, value in self.where.items())


def _at(params: Any, name: str) -> Any:
    for part in re.findall(r"[^\[\]]+", name):
        params = params.get(part) if isinstance(params, dict) else None
    return params


class Faults:
    """In the order in which they were asked for; a request meets at most one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Fault] = []

    def add(self, asked: dict[str, Any]) -> None:
        unknown = set(asked) - {each.name for each in fields(Fault)}
        if unknown or asked.get("do") not in KINDS:
            raise ValueError(f"no such fault: {asked}")
        with self._lock:
            self._all.append(Fault(**asked))

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def take(self, call: Call) -> Fault | None:
        with self._lock:
            for fault in self._all:
                if fault.times == 0 or not fault.applies(call):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def hits(self) -> list[int]:
        with self._lock:
            return [fault.hits for fault in self._all]


def kill_caller(pid: int | None, peer: int, own: int) -> None:
    """Kill the process `pid`, or the one at the other end of a loopback connection, found by its port."""
    if pid is not None:
        return os.kill(pid, signal.SIGKILL)
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        ports = [int(columns[place].rpartition(":")[2], 16) for place in (1, 2)]
        if ports == [peer, own] and columns[9] != "0":
            inode = columns[9]
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if inode and os.readlink(handle) == f"socket:[{inode}]":
                os.kill(int(handle.parts[2]), signal.SIGKILL)
                return
        except OSError:
            continue  # a process that ended meanwhile
    raise ProcessLookupError(f"nobody at port {peer}")
