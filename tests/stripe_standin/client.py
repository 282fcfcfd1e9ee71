"""The tests' side of the stand-in: start it, speak to it, and hold every exchange against Stripe's contract."""

import importlib.util
import json
import os
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent
CONTRACT = _TESTS.parent.parent / "shared" / "stripe"


class StripeStandin:
    """A running stand-in. Every control of the README is a method: `stripe.control("fault", do="drop_after")`."""

    def __init__(self, base: str, pid: int) -> None:
        self.base = base
        self.pid = pid

    def control(self, name: str, **asked: Any) -> Any:
        request = urllib.request.Request(
            f"{self.base}/_control/{name}", json.dumps(asked).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def fault(self, do: str, **asked: Any) -> None:
        self.control("fault", do=do, **asked)

    def account(self, **asked: Any) -> str:
        """A connected account that may receive transfers."""
        return str(self.control("account", **asked)[0])

    def log(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """The exchanges so far; `path` without its query."""
        return [
            each
            for each in self.control("log")
            if method in (None, each["method"]) and path in (None, each["path"].partition("?")[0])
        ]

    def transfers(self, group: str | None = None) -> list[dict[str, Any]]:
        return [each for each in self.control("transfers") if group in (None, each["transfer_group"])]

    def complaints(self) -> list[str]:
        """What in the exchanges is not as Stripe's contract has it; an unknown parameter is a failure."""
        return [complaint for each in self.control("log") for complaint in _judge(each)]


@contextmanager
def running_standin(port: int = 0) -> Iterator[StripeStandin]:
    """A stand-in in a process of its own, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stripe_standin", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(_TESTS)},
    )
    assert process.stdout is not None
    try:
        yield StripeStandin(f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@cache
def _contract() -> Any:
    spec = importlib.util.spec_from_file_location("stripe_subset", CONTRACT / "stripe_subset_validate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the collector
        return module.Subset(str(CONTRACT / "stripe-openapi-subset.json"))


@cache
def _judge_request(method: str, path: str, body: str) -> list[str]:
    return list(_contract().request(method, path, body))


def _judge(each: dict[str, Any]) -> Iterator[str]:
    where = f"{each['method']} {each['path']} {each['body']}"
    yield from (f"{where}: {text}" for text in _judge_request(each["method"], each["path"], each["body"]))
    if each["status"] is not None:
        found = _contract().response(each["method"], each["path"], each["status"], each["answer"])
        yield from (f"{where} answered {each['status']}: {text}" for text in found)
