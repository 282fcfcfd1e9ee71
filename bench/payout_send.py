"""Payouts through the stand-in for Stripe that answers in 50 ms: how many a second eight workers send and settle."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from bench.cpu import cpu_of
from bench.ground import app_engine, fresh_database, say, settings_of
from bench.row import Row, Watch, millis, rate
from core.database import transaction
from core.secrets import Vault, vault_of
from core.settings import Settings
from jobs.job import Context
from jobs.send_stripe import step
from payouts.approve import approve_run
from payouts.draft import draft_chunk
from payouts.request import request_run
from payouts.stripe.client import stripe_client

_TESTS = Path(__file__).resolve().parent.parent / "tests"
_NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_MARKET = """
    INSERT INTO creator (id, name) SELECT 'c' || lpad(i::text, 6, '0'), 'Creator ' || i FROM generate_series(1, :count) i;
    INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)
        SELECT id, 'company', 'stripe', :sealed, 'anna', true, 'vera' FROM creator;
    SELECT count(*) FROM ledger_open(ARRAY(SELECT 'liabilities\\:creator\\:' || id || '\\:available' FROM creator), 'USD');
    SELECT count(*) FROM ledger_open(ARRAY['equity\\:opening'], 'USD');
    SELECT entry_id FROM ledger_post('many', 'opening', 'USD', '2026-11-01', '2026-11-01', NULL,
        ARRAY(SELECT id FROM account ORDER BY code LIKE 'equity%', id),
        ARRAY(SELECT -12340000::bigint FROM generate_series(1, :count)) || (12340000::bigint * :count))"""
_LEFT = text("SELECT count(*) FILTER (WHERE state <> 'paid') FROM payout")


def measure(quick: bool) -> list[Row]:
    """A thousand payouts."""
    return measure_of(100 if quick else 1000)


def measure_full(quick: bool) -> list[Row]:
    """Five thousand."""
    return measure_of(5000)


def measure_of(count: int) -> list[Row]:
    """So many payouts, from the approved run to the last one paid."""
    watch, vault = Watch(), vault_of(b"b" * 32)
    with fresh_database() as url, _standin() as base:
        engine = app_engine(url)
        account = _control(base, "account", count=1)[0]
        _control(base, "set", latency=0.05)
        _control(base, "balance", currency="usd", amount=2 * count * 1234)
        say(f"a run of {count:,} payouts")
        _approved_run(engine, vault, count, account)
        settings = replace(
            settings_of(url), stripe_api_key="sk_test_x", stripe_api_base=base, stripe_rate=1000
        )
        context = Context(engine, settings, vault)
        say("sending")
        with cpu_of(engine) as cpu, watch.lap("send"):
            while any(step(context).values()):
                pass
        with transaction(engine) as session:
            assert session.scalar(_LEFT) == 0
        assert len(_control(base, "transfers")) == count
        say("the floor")
        with cpu_of(engine) as floor_cpu, watch.lap("floor"):
            _calls_alone(settings, count, account)
        assert len(_control(base, "transfers")) == 2 * count
        engine.dispose()
    sent, floor = watch.total("send"), watch.total("floor")
    return [
        Row(
            f"payouts: {count:,} sent by Stripe's stand-in (50 ms), 8 workers",
            rate(count, sent),
            rate(count, floor),
            floor / sent,
            ">= 100/s",
            [
                (
                    "cpu a payout, ours + the database's",
                    f"{_each(cpu.ours, count)} + {_each(cpu.database, count)}",
                ),
                ("floor: cpu a call", _each(floor_cpu.ours, count)),
            ],
        )
    ]


def _each(seconds: float, count: int) -> str:
    return millis(seconds / count)


def _calls_alone(settings: Settings, count: int, account: str) -> None:
    """The same calls by as many threads through the same client, and nothing written down."""
    client = stripe_client(settings)

    def call(number: int) -> None:
        asked: Any = {
            "amount": 1234,
            "currency": "usd",
            "destination": account,
            "transfer_group": f"po_{number}",
        }
        client.v1.transfers.create(asked, {"idempotency_key": f"floor-{number}"})

    with ThreadPoolExecutor(settings.payout_workers) as pool:
        list(pool.map(call, range(count)))


def _approved_run(engine: Engine, vault: Vault, count: int, account: str) -> None:
    with transaction(engine) as session:
        for statement in _MARKET.split(";\n"):
            session.execute(text(statement), {"count": count, "sealed": vault.seal({"account": account})})
        run = request_run(
            session, currency="USD", provider="stripe", until=None, creators=None, person="anna", now=_NOW
        )
    with transaction(engine) as session:
        draft_chunk(session, _NOW)
        while draft_chunk(session, _NOW):
            pass
    with transaction(engine) as session:
        approve_run(session, run.id, "boris", _NOW)


@contextmanager
def _standin() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stripe_standin", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(_TESTS)},
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _control(base: str, name: str, **asked: Any) -> Any:
    body = json.dumps(asked).encode()
    request = urllib.request.Request(f"{base}/_control/{name}", body, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
