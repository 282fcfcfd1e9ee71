"""PostgreSQL restarts, crashes, drops its clients and freezes while payouts are sent: each is paid once, no word is lost."""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import psutil
import pytest
from payout_processes import Processes, eventually, once_each, processes
from scratch import scratch_folder
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_standin.webhooks import signature
from stripe_world import StripeWorld

from core import clock
from core.database import make_engine, transaction
from core.embedded import Cluster, running_cluster
from core.migrate import migrate
from core.secrets import vault_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="stops process trees"),
]
ZONE = "Europe/Moscow"
# The scheduler with the jobs that pay, hurrying: what it does in minutes after a failure it does in moments.
HURRY = """
import threading
from dataclasses import replace
from datetime import timedelta
from core.settings import load_settings
from jobs import look_up, send_stripe, stripe_events, stripe_poll
from jobs.job import Context, Pace
from jobs.schedule import work
from kopeck.database import application
pace = Pace(lease=5, first_retry=0.2, last_retry=1, look=0.5, tick=0.5)
jobs = [replace(each.JOB, every=timedelta(seconds=0.5)) for each in (send_stripe, look_up, stripe_poll, stripe_events)]
settings = load_settings()
with application(settings, statement_seconds=0) as (engine, vault):
    work(Context(engine, settings, vault), threading.Event(), jobs=jobs, pace=pace)
"""


class Database:
    """A cluster of this test's own, which comes back at the same address."""

    def __init__(self, home: Path) -> None:
        self.home, self.stack = home, ExitStack()
        self.cluster = self._start()

    def _start(self) -> Cluster:
        return self.stack.enter_context(running_cluster(self.home))

    def restart(self, how: signal.Signals) -> None:
        """SIGINT is `pg_ctl restart -m fast`, SIGQUIT `-m immediate`: a crash."""
        assert self.cluster.process is not None
        self.cluster.process.send_signal(how)
        self.cluster.process.wait(30)
        self.stack.close()
        self.cluster = self._start()

    def freeze(self, seconds: float) -> None:
        """Every process of it."""
        assert self.cluster.process is not None
        server = psutil.Process(self.cluster.process.pid)
        all_ = [server, *server.children(recursive=True)]
        for each in all_:
            os.kill(each.pid, signal.SIGSTOP)
        time.sleep(seconds)
        for each in all_:
            os.kill(each.pid, signal.SIGCONT)


@pytest.fixture
def database() -> Iterator[Database]:
    with scratch_folder() as folder:
        made = Database(folder)
        yield made
        made.stack.close()


class Teller(threading.Thread):
    """Tells of one event after the other, each until it is acknowledged."""

    def __init__(self, service: Processes) -> None:
        super().__init__()
        self.service, self.stop = service, threading.Event()
        self.acknowledged: list[str] = []
        self.answers: Counter[int] = Counter()

    def run(self) -> None:
        while not self.stop.is_set():
            id = f"evt_{len(self.acknowledged)}"
            event = {"id": id, "object": "event", "type": "radar.told", "created": 1, "livemode": False}
            body = json.dumps(event | {"data": {"object": {}}}).encode()
            signed = {"Stripe-Signature": signature("whsec_1", body, int(time.time()))}
            status, _ = self.service.call("POST", "/v1/webhooks/stripe", body, **signed)
            self.answers[status] += 1
            if status == 200:
                self.acknowledged.append(id)
            time.sleep(0.05)


def test_r2_r3_r4_the_database_fails_while_payouts_leave(
    database: Database, stripe: StripeStandin, tmp_path: Path
) -> None:
    rng = Random(20261122)
    url = database.cluster.url()
    owner, engine = make_engine(url, ZONE, role=None), make_engine(url, ZONE)
    migrate(owner, ZONE)
    stripe.control("clock", at=(now := clock.now()).timestamp())
    market = StripeWorld(engine, vault_of(b"k" * 32), now).at(stripe)
    market.crowd(200)
    run = market.approved()
    stripe.control("set", latency=0.3)

    def terminate() -> None:
        with owner.begin() as connection:
            connection.execute(text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'kopeck' AND pid <> pg_backend_pid()"))  # fmt: skip

    faults = [
        lambda: database.restart(signal.SIGINT),
        terminate,
        lambda: database.restart(signal.SIGQUIT),
        terminate,
        lambda: database.freeze(6),
        terminate,
        lambda: database.restart(signal.SIGQUIT),
    ]
    with processes(market, owner, tmp_path) as service:
        service.serve()
        for _ in range(2):
            service.start("-c", HURRY)
        teller = Teller(service)
        teller.start()
        try:
            for fault in faults:
                done, told = len(stripe.transfers()), len(teller.acknowledged)
                eventually(lambda done=done: len(stripe.transfers()) >= min(done + 8, 200), 120)
                eventually(lambda told=told: len(teller.acknowledged) > told + 2)
                time.sleep(rng.random() * 0.5)
                fault()
            service.pass_time(60)
            service.until(run, 120, paid=200)
        finally:
            teller.stop.set()
            teller.join()
    assert once_each(market, run)
    assert set(teller.answers) <= {200, 503}, teller.answers
    with transaction(engine) as session:
        kept = Counter(session.scalars(text("SELECT event FROM provider_event WHERE type = 'radar.told'")))
    assert kept.keys() >= set(teller.acknowledged) and set(kept.values()) == {1}
    engine.dispose()
    owner.dispose()
