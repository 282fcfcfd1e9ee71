"""R1: two hundred slow requests at once are turned away with a Retry-After, and nothing of them is left."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import urllib3
from api_market import Market
from api_served import Served
from sqlalchemy import Engine, text

pytestmark = pytest.mark.slow
STUCK = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kopeck'"
    " AND pid <> :locker AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '5 s'"
)
THERE = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kopeck'"
)


def test_r1_two_hundred_slow_requests(market: Market, served: Served, owner: Engine) -> None:
    """Every answer waits for a table that somebody has locked, longer than anybody should wait."""
    pool = urllib3.HTTPConnectionPool("127.0.0.1", served.port, maxsize=200, block=True, retries=False)
    headers = {"Authorization": f"Bearer {served.keys['finance']}"}
    stop = Event()

    def ask(_: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = pool.request("GET", "/v1/payouts?limit=1", headers=headers, timeout=90)
        if answer.status == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.status, time.monotonic() - began

    def watch(locker: int) -> int:
        most = 0
        while not stop.wait(0.5):
            with owner.connect() as connection:
                most = max(most, connection.scalar(STUCK, {"locker": locker}) or 0)
        return most

    with owner.connect() as locker, ThreadPoolExecutor(201) as threads:
        locker.execute(text("LOCK TABLE payout IN ACCESS EXCLUSIVE MODE"))
        watching = threads.submit(watch, locker.scalar(text("SELECT pg_backend_pid()")) or 0)
        try:
            answers = list(threads.map(ask, range(200)))
        finally:
            locker.rollback()
            stop.set()
        began = time.monotonic()
        assert served.call("finance", "GET", "/v1/payouts?limit=1").status == 200
        assert time.monotonic() - began < 5
        assert watching.result() == 0
    assert {status for status, _ in answers} == {503}
    assert max(took for _, took in answers) < 60, "nobody waits for all who came before: that were 130 s"
    owner.dispose()
    with owner.connect() as connection:
        connections = connection.scalar(THERE) or 0
        assert connections <= 2 * 10 + 1, "no more than the two processes' pools, and this one"
