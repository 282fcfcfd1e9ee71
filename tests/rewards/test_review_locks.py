"""Whoever waits for a line's row holds none of the books' balances: the order of locks, seen from outside."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from reward_world import World, rub
from sqlalchemy import Engine, text

from core.database import transaction
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line

BLOCKED = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_a_deposit_that_waits_for_a_line_holds_no_balance(engine: Engine, owner: Engine) -> None:
    world = World(engine, datetime(2026, 11, 2, 9, tzinfo=UTC))

    def pay_in() -> None:
        with transaction(engine) as session:
            deposit_money(session, "main", rub("10.00"), None, "fin", world.now, world.settings)

    with transaction(engine) as session:
        create_fund(session, "main", "Main", rub("1000.00"))
        create_line(session, "main", "l", "all", rub("100.00"), "once", True, world.now, world.settings)
    pay_in()
    with ThreadPoolExecutor(1) as pool, owner.connect() as holder, owner.connect() as other:
        holder.execute(text("SELECT FROM fund_line FOR NO KEY UPDATE"))
        waiting = pool.submit(pay_in)
        deadline = time.monotonic() + 20
        while not other.scalar(BLOCKED) and time.monotonic() < deadline:
            other.rollback()
        other.execute(text("SELECT FROM balance FOR UPDATE NOWAIT"))
        other.rollback()
        holder.rollback()
        waiting.result()
    assert world.balance("line") == "20.00"
