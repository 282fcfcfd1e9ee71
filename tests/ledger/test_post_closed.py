"""Posts and closings that meet: a closed day stays as it is, and nobody waits in a ring."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from ledger_books import (
    BANK,
    DAY,
    LINE,
    account_id,
    at_once,
    clean,
    eventually,
    fill,
    grant,
    move,
    rub,
    waiting,
)
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.database import transaction
from ledger import accounts
from ledger.close import close_period
from ledger.post import credit, debit, post

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = date(2026, 11, 20)
POT = accounts.creator("c1", "pending")


def close(engine: Engine, day: date) -> None:
    with transaction(engine) as session:
        close_period(session, day.isoformat(), "finance", TODAY, NOW)


def booked(engine: Engine) -> dict[str, tuple[date, date]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT key, effective_on, booked_on FROM entry"))
        return {row.key: (row.effective_on, row.booked_on) for row in rows}


def on(engine: Engine, code: str, day: date) -> int:
    with engine.connect() as connection:
        query = text("SELECT ledger_balance_on(:id, :day)")
        return int(connection.scalar(query, {"id": account_id(engine, code), "day": day}) or 0)


def test_a_post_that_waits_behind_a_closing_books_on_the_first_open_day(
    engine: Engine, owner: Engine
) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(1) as pool, Session(engine) as closer:
        close_period(closer, "2026-11-10", "finance", TODAY, NOW)
        late = pool.submit(grant, engine, "late", "1.00")
        eventually(lambda: waiting(owner))
        closer.commit()
        assert not late.result().replayed
    assert booked(engine)["late"] == (DAY, date(2026, 11, 11))
    assert on(engine, LINE, date(2026, 11, 10)) == -rub("60.00").micros
    assert on(engine, LINE, date(2026, 11, 11)) == -rub("59.00").micros
    assert clean(engine)


def test_a_post_behind_a_closing_that_is_given_up_books_on_its_day(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(1) as pool, Session(engine) as closer:
        close_period(closer, "2026-11-10", "finance", TODAY, NOW)
        late = pool.submit(grant, engine, "late", "1.00")
        eventually(lambda: waiting(owner))
        closer.rollback()
        late.result()
    assert booked(engine)["late"] == (DAY, DAY)


def test_a_closing_waits_for_the_posts_under_way_and_counts_them_in(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(1) as pool, Session(engine) as poster:
        legs = [debit(LINE, rub("1.00")), credit(POT, rub("1.00"))]
        under_way = post(poster, key="under way", kind="grant", effective_on=DAY, legs=legs)
        closing = pool.submit(close, engine, DAY)
        eventually(lambda: waiting(owner))
        poster.commit()
        closing.result()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT last_entry FROM period_close")) == under_way.id
    assert booked(engine)["under way"] == (DAY, DAY)
    assert on(engine, LINE, DAY) == -rub("59.00").micros


def test_a_repeat_after_the_closing_answers_the_old_entry(engine: Engine) -> None:
    fill(engine, "60.00")
    first = grant(engine, "g1", "1.00")
    close(engine, DAY)
    again = grant(engine, "g1", "1.00")
    assert (again.id, again.replayed) == (first.id, True)
    assert booked(engine)["g1"] == (DAY, DAY)


def test_a_closing_in_the_middle_of_a_ring_of_waits_lets_them_through(engine: Engine, owner: Engine) -> None:
    """One has posted and wants a row; who holds it wants to post, and stands behind the closing, which waits for the
    first. The database sees that the second may pass."""
    fill(engine, "60.00")
    one, other = POT, accounts.creator("c2", "pending")
    move(engine, "open", one, other, "1.00")
    lock = text("SELECT FROM fact WHERE name = 'ring' FOR UPDATE")
    with owner.begin() as connection:
        connection.execute(text("INSERT INTO fact VALUES ('ring', 'x')"))
        connection.execute(text("GRANT UPDATE ON fact TO kopeck_app"))
    holds = threading.Event()

    def second() -> None:
        with transaction(engine) as session:
            session.execute(lock)
            holds.set()
            eventually(lambda: waiting(owner))
            legs = [debit(one, rub("1.00")), credit(other, rub("1.00"))]
            post(session, key="second", kind="x", effective_on=DAY, legs=legs)

    with ThreadPoolExecutor(2) as pool, Session(engine) as session:
        legs = [debit(BANK, rub("1.00")), credit(LINE, rub("1.00"))]
        post(session, key="first", kind="x", effective_on=DAY, legs=legs)
        holder = pool.submit(second)
        holds.wait()
        closing = pool.submit(close, engine, DAY)
        eventually(lambda: waiting(owner, 2))
        session.execute(lock)
        holder.result()
        session.commit()
        closing.result()
    assert booked(engine)["first"] == booked(engine)["second"] == (DAY, DAY)
    assert clean(engine)


def test_what_a_closed_day_said_it_says_for_ever(engine: Engine) -> None:
    """Eight post into the same days while these are closed one by one."""
    fill(engine, "10000.00")
    days = [DAY + timedelta(i) for i in range(10)]
    said: dict[date, int] = {}

    def act(worker: int) -> None:
        if worker < 8:
            for i in range(40):
                move(engine, f"m{worker}:{i}", LINE, POT, "1.00", days[(i * 7 + worker) % 10])
        else:
            for day in days:
                close(engine, day)
                said[day] = on(engine, POT, day)

    at_once(9, act)
    assert {day: on(engine, POT, day) for day in days} == said
    assert on(engine, POT, date(2026, 12, 31)) == -rub("320.00").micros
    assert clean(engine)


def test_nobody_inserts_into_a_closed_day_behind_the_door(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    close(engine, DAY)
    entry = (
        "INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, posting_count, xid)"
        " VALUES ('behind', '', 'x', 'RUB', :day, :day, 2, 0) RETURNING id"
    )
    rows = "INSERT INTO posting VALUES (1, 2, :entry, 1, 1, :day, :day), (2, 2, :entry, -1, -1, :day, :day)"
    for day in (DAY, DAY - timedelta(400)):
        with owner.connect() as connection, pytest.raises(DBAPIError, match=r"do not balance|closed"):
            made = connection.scalar(text(entry), {"day": day})
            connection.execute(text(rows), {"entry": made, "day": day})
    with owner.connect() as connection:  # the same on an open day is let through, so the day was the reason
        made = connection.scalar(text(entry), {"day": DAY + timedelta(1)})
        connection.execute(text(rows), {"entry": made, "day": DAY + timedelta(1)})
