"""Webhooks of Stripe over HTTP: what is on disk is acknowledged, and nothing else."""

import gzip
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from api_market import Market, stripe_environ
from api_requests import picture
from api_served import Served, at_once, serving
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_standin.webhooks import signature

from core.database import make_engine

PATH = "/v1/webhooks/stripe"


def event(id: str = "evt_new", **more: Any) -> dict[str, Any]:
    about = {"type": "transfer.created", "created": 1, "livemode": False, "data": {"object": {"id": "tr_1"}}}
    return {"id": id, "object": "event"} | about | more


def signed(
    market: Market, payload: bytes, secret: str = "whsec_1", at: float | None = None
) -> dict[str, str]:
    moment = int(market.clock.now.timestamp() if at is None else at)
    return {"Stripe-Signature": signature(secret, payload, moment), "Content-Type": "application/json"}


def send(market: Market, payload: bytes, **more: Any) -> Any:
    headers = {name.replace("_", "-"): value for name, value in more.items()} or signed(market, payload)
    return market.call.app.test_client().post(PATH, data=payload, headers=headers)


def inbox(market: Market) -> int:
    with market.engine.begin() as connection:
        return connection.scalar(text("SELECT count(*) FROM provider_event")) or 0


def test_a_signed_event_is_on_disk_once(market: Market) -> None:
    before = inbox(market)
    payload = json.dumps(event()).encode()
    for secret in ("whsec_1", "whsec_2"):  # W13
        answer = send(market, payload, **signed(market, payload, secret))
        assert (answer.status_code, answer.json) == (200, {"received": True})
    assert inbox(market) == before + 1
    shown = market.call.ok("finance", "GET", "/v1/provider-events/evt_new")
    assert (shown["state"], shown["type"], shown["tries"]) == ("new", "transfer.created", 0)


def test_what_is_not_signed_leaves_nothing_behind(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    """W2."""
    before, payload = picture(market.engine), json.dumps(event(note="a secret")).encode()
    sign = [
        {"Content-Type": "application/json"},
        signed(market, payload) | {"Stripe-Signature": ""},
        signed(market, payload, "whsec_3"),
        signed(market, payload, at=market.clock.now.timestamp() - 301),
        signed(market, payload, at=market.clock.now.timestamp() + 61),
        signed(market, payload + b" "),
    ]
    for headers in sign:
        answer = send(market, payload, **headers)
        assert (answer.status_code, answer.json["code"]) == (403, "bad_signature")
    assert picture(market.engine) == before
    assert "a secret" not in caplog.text


def test_odd_bodies_are_refused_at_once(market: Market) -> None:
    """W11: in any case within a second."""
    before = picture(market.engine)
    bomb = gzip.compress(b"0" * 30_000_000)
    bodies = [b"\xff\xfe", b"[]", b"true", b"NaN", b"", b"[" * 300_000, b"x" * 10_000_000, bomb]
    for body in bodies:
        began = time.monotonic()
        answer = send(market, body, **signed(market, body))
        assert 400 <= answer.status_code < 500, body[:9]
        assert time.monotonic() - began < 1
    packed = {"Content-Encoding": "gzip"} | signed(market, bomb)
    assert send(market, bomb, **packed).status_code == 415
    large = b"x" * 10_000_000
    assert send(market, large, **signed(market, large)).status_code == 413
    assert picture(market.engine) == before


def test_no_database_is_no_acknowledgement(market: Market) -> None:
    """W10: so that Stripe sends it again."""
    payload = json.dumps(event("evt_lost")).encode()
    headers = signed(market, payload)
    whole = market.call.app.extensions["kopeck"]
    nowhere = make_engine("postgresql+psycopg2://x@127.0.0.1:1/x", "UTC")
    market.call.app.extensions["kopeck"] = replace(whole, engine=nowhere)
    answer = send(market, payload, **headers)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    market.call.app.extensions["kopeck"] = whole
    assert send(market, payload, **headers).status_code == 200


@pytest.fixture
def four(market: Market, database_url: str, tmp_path: Path, stripe: StripeStandin, monkeypatch: Any) -> Any:
    for name, value in stripe_environ(stripe).items():
        monkeypatch.setenv(name, value)
    with serving(database_url, tmp_path, (b"k" * 32).hex(), market.call.keys, workers=4) as server:
        yield server


def test_w1_a_hundred_deliveries_to_four_processes_are_one_event(market: Market, four: Served) -> None:
    before = inbox(market)
    payload = json.dumps(event()).encode()
    headers = signed(market, payload, at=time.time())

    def deliver(_: int) -> int:
        return int(four.pool.request("POST", PATH, body=payload, headers=headers, timeout=30).status)

    assert at_once(50, deliver) + at_once(50, deliver) == [200] * 100
    assert inbox(market) == before + 1

    rest = psutil.Process(four.pids[0]).memory_info().rss
    large = b"x" * 10_000_000
    for _ in range(8):
        answer = four.pool.request("POST", PATH, body=large, headers=signed(market, b""), timeout=30)
        assert answer.status == 413
    assert psutil.Process(four.pids[0]).memory_info().rss < rest + 20_000_000
