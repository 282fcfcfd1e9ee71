"""Ten thousand events over many connections, and a server process killed in the middle of a batch."""

import json
import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psutil
import urllib3
from api_market import Market
from api_served import Served, eventually
from sqlalchemy import Engine, text

from core import clock

TOTALS = {
    "views": "SELECT content, day, views, qualified_views, watch_ms, completes FROM tally_content_day ORDER BY 1, 2",
    "clicks": "SELECT content, product, day, clicks FROM tally_product_day ORDER BY 1, 2, 3",
    "purchases": "SELECT event_id, order_ref, product, quantity, amount, day FROM purchase ORDER BY 1",
    "refunds": "SELECT event_id, order_ref, quantity, amount FROM refund ORDER BY 1",
    "shares": "SELECT p.event_id, s.policy, s.creator, s.content, sum(s.amount), sum(s.units) FROM share s"
    " JOIN purchase p ON p.id = s.purchase_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    "rewards": "SELECT creator, day, sum(amount) FROM reward GROUP BY 1, 2 ORDER BY 1, 2",
}


def totals(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.begin() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))] for name, query in TOTALS.items()
        }


def draw(seed: int, count: int, now: datetime) -> list[dict[str, Any]]:
    """Views, clicks, purchases and refunds of the last two days, each id once."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    bought: list[str] = []
    for number in range(count):
        viewer, n = f"x{rng.randrange(300)}", rng.choice("12")
        at = now - timedelta(seconds=rng.randrange(3 * 3600, 44 * 3600))
        row: dict[str, Any] = {"id": f"e{number}", "occurred_at": at.isoformat()}
        kind = rng.choices(("view", "click", "purchase", "refund"), (70, 20, 8, 2))[0]
        if kind == "refund" and bought:
            order = bought.pop()  # one a purchase, so that nothing is refunded twice
            product, bought_at = order.split("-")[1], order.split("-")[2]
            at = datetime.fromtimestamp(int(bought_at), now.tzinfo) + timedelta(minutes=5)
            rows.append(row | {"type": "refund", "occurred_at": at.isoformat(), "order": order, "product": product, "amount": "0.37", "currency": "RUB"})  # fmt: skip
        elif kind == "purchase":
            order = f"o{number}-p{n}-{int(at.timestamp())}"
            bought.append(order)
            rows.append(row | {"type": kind, "viewer": viewer, "order": order, "product": f"p{n}", "quantity": rng.randrange(1, 4), "amount": f"{rng.randrange(1, 900)}.{rng.randrange(10, 99)}", "currency": "RUB"})  # fmt: skip
        elif kind == "click":
            rows.append(row | {"type": kind, "viewer": viewer, "content": f"k{n}", "product": f"p{n}"})
        else:
            rows.append(row | {"type": "view", "viewer": viewer, "content": f"k{n}", "watch_ms": rng.randrange(20_000), "completed": rng.random() < 0.3})  # fmt: skip
    return rows


def body_of(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def test_n2_ten_thousand_in_any_order_over_eight_connections_total_the_same(
    market: Market, served: Served, database_url: str, rewind: Callable[[], None]
) -> None:
    now = clock.now()
    market.clock.now = now
    rows = draw(7, 10_000, now)
    answer = market.call(
        "platform", "POST", "/v1/events", body=body_of(rows), content_type="application/x-ndjson"
    )
    assert (answer.json["rejected"], answer.json["conflicts"], answer.json["duplicates"]) == (0, 0, 0), (
        answer.text[:500]
    )
    market.jobs()
    reference = totals(market.engine)
    assert (
        len(reference["purchases"]) > 500
        and len(reference["refunds"]) > 100
        and len(reference["shares"]) > 100
    )

    rewind()
    rng = random.Random(8)
    sent = rows + rng.sample(rows, 1_000)
    rng.shuffle(sent)
    batches = [sent[start : start + 250] for start in range(0, len(sent), 250)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: post(served, each), batches))
    for name, expected in {"duplicates": 1_000, "conflicts": 0, "rejected": 0}.items():
        assert sum(each[name] for each in answers) == expected, name
    assert sum(each["accepted"] + each["parked"] for each in answers) == 10_000
    market.jobs()
    assert totals(market.engine) == reference


def post(served: Served, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer = served.call(
        "platform", "POST", "/v1/events", body=body_of(rows), content_type="application/x-ndjson"
    )
    assert answer.status == 200, answer.data
    found: dict[str, Any] = answer.json
    return found


WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_n7_a_batch_whose_process_was_killed_is_sent_again_and_counts_once(
    market: Market, served: Served, owner: Engine
) -> None:
    """The batch has written its touches and waits for a lock on the purchases when kill -9 comes."""
    now = clock.now()
    market.clock.now = now
    rows = draw(11, 3_000, now)
    with ThreadPoolExecutor(1) as pool, owner.connect() as holder:
        holder.execute(text("LOCK TABLE purchase IN SHARE ROW EXCLUSIVE MODE"))
        before = set(served.pids)
        dying = pool.submit(post, served, rows)
        with owner.connect() as watcher:
            eventually(lambda: (watcher.scalar(WAITING), watcher.rollback())[0])
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        error = dying.exception(30)
        assert isinstance(error, urllib3.exceptions.HTTPError), error
        eventually(lambda: not any(psutil.pid_exists(pid) for pid in before))
        holder.rollback()
    with owner.connect() as watcher:
        gone = text("SELECT NOT EXISTS (SELECT FROM touch WHERE event_id LIKE 'e%') AND NOT EXISTS (SELECT FROM purchase WHERE event_id LIKE 'e%')")  # fmt: skip
        eventually(lambda: (watcher.scalar(WAITING) == 0, watcher.rollback())[0])
        assert watcher.scalar(gone)
    eventually(lambda: len(set(served.pids) - before) == 2)
    again = post(served, rows)
    assert (again["accepted"] + again["parked"], again["duplicates"], again["rejected"]) == (3_000, 0, 0)
    once_more = post(served, rows)
    assert (once_more["accepted"], once_more["duplicates"]) == (0, 3_000)
    market.jobs()
    found = totals(market.engine)
    views = sum(1 for row in rows if row["type"] == "view")
    assert sum(row[2] for row in found["views"]) == views
    assert sum(1 for row in found["purchases"] if row[0].startswith("e")) == sum(row["type"] == "purchase" for row in rows)  # fmt: skip
