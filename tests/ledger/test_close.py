"""Closing meets writers, other closers and death: what it says about its days is true and stays true."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Invalid, KopeckError, NotFound, Refused
from core.money import Money
from kopeck.cli import main
from ledger import accounts
from ledger.asof import end_of
from ledger.balances import trial_balance
from ledger.close import close_period, closing_of, last_day, list_closings
from ledger.post import credit, debit, post

BANK = accounts.bank("manual", "RUB")
FIRST = date(2026, 11, 1)
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def close(engine: Engine, period: str, today: date = TODAY) -> str:
    try:
        with transaction(engine) as session:
            close_period(session, period, " anna ", today, NOW)
    except KopeckError as error:
        return error.code
    return "closed"


def pay(engine: Engine, key: str, day: date, name: str = "c1") -> float:
    """One entry; how long it took."""
    started = time.monotonic()
    money = Money.parse("1.00", "RUB")
    with transaction(engine) as session:
        legs = [debit(BANK, money), credit(accounts.creator(name, "available"), money)]
        post(session, key=key, kind="test", legs=legs, effective_on=day)
    return time.monotonic() - started


WRONG = text(
    "SELECT count(*) FROM period_close c JOIN entry e ON e.booked_on <= c.through AND e.id > c.last_entry"
)


def test_a_period_closes_once_and_all_before_it(engine: Engine) -> None:
    assert close(engine, "2026-09") == "closed"
    assert [close(engine, each) for each in ("2026-09", "2026-09-30", "2026-01")] == ["period_closed"] * 3
    assert close(engine, "2026-11-20") == "closed"
    assert [close(engine, each) for each in ("2026-11-21", "2026-11", "2027-01")] == ["period_not_ended"] * 3
    assert close(engine, "2026-11-21", TODAY + timedelta(days=1)) == "closed"
    with transaction(engine) as session:
        assert [each.period for each in list_closings(session, 9)] == ["2026-11-21", "2026-11-20", "2026-09"]
        assert [each.period for each in list_closings(session, 1, date(2026, 11, 20))] == ["2026-09"]
        assert closing_of(session, "2026-10").period == "2026-11-20"
        assert closing_of(session, "2026-10").closed_by == "anna"
        with pytest.raises(NotFound):
            closing_of(session, "2026-11")
        with pytest.raises(Invalid) as caught:
            close_period(session, "2026-10", " ", TODAY, NOW)
    assert caught.value.code == "bad_person"


@pytest.mark.parametrize(
    "period", ["2026", "2026-13", "2026-1", "2026-02-30", "0000-01", "2026-10-31 ", "٢٠٢٦-10", ""]
)
def test_a_period_is_a_month_or_a_day(period: str) -> None:
    with pytest.raises(Invalid) as caught:
        last_day(period)
    assert caught.value.code == "bad_period"


def test_a_month_ends_with_its_last_day() -> None:
    assert [last_day(each) for each in ("2028-02", "2026-12")] == [date(2028, 2, 29), date(2026, 12, 31)]


def test_closings_among_eight_writers(engine: Engine) -> None:
    """Each closing's word holds: no entry of its days comes after it; nobody deadlocks, nobody waits long."""
    pay(engine, "first", FIRST)
    printed: dict[date, str] = {}

    def write(seed: int) -> float:
        return max(
            pay(engine, f"{seed}:{i}", FIRST + timedelta(days=(seed * 7 + i) % 20), f"c{seed}")
            for i in range(40)
        )

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, seed) for seed in range(8)]
        for n in range(15):
            day = FIRST + timedelta(days=n)
            assert close(engine, day.isoformat()) == "closed"
            with transaction(engine) as session:
                printed[day] = repr(trial_balance(session, end_of(session, day)))
        assert max(each.result() for each in writing) < 9
    with transaction(engine) as session:
        assert session.scalar(WRONG) == 0
        assert session.scalar(text("SELECT count(*) FROM entry")) == 321
        assert session.scalar(text("SELECT count(*) FROM entry WHERE booked_on > effective_on")) > 0
        for day, line in printed.items():
            assert repr(trial_balance(session, end_of(session, day))) == line


def test_a_closing_waits_for_entries_under_way_and_later_ones_wait_for_it(engine: Engine) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )

    def until_waiting(count: int) -> None:
        for _ in range(1000):
            with transaction(engine) as session:
                if session.scalar(waiting) == count:
                    return
            time.sleep(0.01)
        raise AssertionError("nobody waits")

    for name in ("c1", "c2"):
        pay(engine, f"opens {name}", FIRST, name)
    with ThreadPoolExecutor(2) as pool:
        with transaction(engine) as session:
            money = Money.parse("1.00", "RUB")
            legs = [debit(BANK, money), credit(accounts.creator("c1", "available"), money)]
            post(session, key="under way", kind="test", legs=legs, effective_on=FIRST)
            closing = pool.submit(close, engine, "2026-11-10")
            until_waiting(1)
            late = pool.submit(pay, engine, "late", FIRST, "c2")
            until_waiting(2)
            # Who is under way may post more: nobody waits in a ring.
            post(session, key="under way, too", kind="test", legs=legs, effective_on=FIRST)
        assert closing.result() == "closed"
        late.result()
    with transaction(engine) as session:
        rows = session.execute(text("SELECT key, booked_on FROM entry")).all()
        assert {row.key: row.booked_on for row in rows if "opens" not in row.key} == {
            "under way": FIRST,
            "under way, too": FIRST,
            "late": date(2026, 11, 11),
        }
        assert session.scalar(WRONG) == 0


def test_twenty_close_one_period_once(engine: Engine) -> None:
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda _: close(engine, "2026-10"), range(20)))
    assert (results.count("closed"), results.count("period_closed")) == (1, 19)


CLOSER = """
import sys, time
from datetime import date, datetime
from core.database import make_engine, transaction
from ledger.close import close_period
engine = make_engine(sys.argv[1], "Europe/Moscow")
with transaction(engine) as session:
    close_period(session, "2026-10", "anna", date(2026, 11, 21), datetime.now().astimezone())
    print("closing", flush=True)
    time.sleep(600)
"""


def test_kill_9_while_closing_leaves_nothing(engine: Engine) -> None:
    url = engine.url.render_as_string(False)
    closer = subprocess.Popen(
        [sys.executable, "-c", CLOSER, url], stdout=subprocess.PIPE, cwd=os.getcwd(), text=True
    )
    assert closer.stdout and closer.stdout.readline() == "closing\n"
    closer.send_signal(signal.SIGKILL)
    closer.wait()
    closer.stdout.close()
    pay(engine, "after", date(2026, 10, 5))  # waits no longer than the server takes to notice
    with transaction(engine) as session:
        assert list_closings(session, 9) == []
        assert session.scalar(text("SELECT booked_on FROM entry")) == date(2026, 10, 5)
    assert close(engine, "2026-10") == "closed"


@pytest.mark.parametrize(
    "statement", ["UPDATE period_close SET through = '2026-11-30'", "DELETE FROM period_close"]
)
def test_a_closing_is_never_taken_back(engine: Engine, owner: Engine, statement: str) -> None:
    close(engine, "2026-10")
    for who in (engine, owner):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction(who) as session:
            session.execute(text(statement))


def test_nothing_reaches_a_closed_day_behind_the_door(engine: Engine, owner: Engine) -> None:
    pay(engine, "k", date(2026, 10, 5))
    close(engine, "2026-10")
    behind = (
        "WITH e AS (INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, posting_count, xid)"
        " VALUES ('b', '', 'x', 'RUB', '2026-10-06', '2026-10-06', 2, 0) RETURNING id)"
        " INSERT INTO posting SELECT account_id, version + 1, e.id, m, 0, '2026-10-06', '2026-10-06'"
        " FROM e, (SELECT account_id, version, CASE WHEN normal = 1 THEN 5 ELSE -5 END AS m FROM balance) b"
    )
    with pytest.raises((Invalid, Refused)), transaction(owner) as session:
        session.execute(text(behind))
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM entry")) == 1


def test_the_command_closes_and_says_why_not(
    engine: Engine, database_url: str, tmp_path: os.PathLike[str]
) -> None:
    given = {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_SECRET_KEY": "6b" * 32,
        "KOPECK_HOME": str(tmp_path),
    }
    run = CliRunner(env=given)
    done = run.invoke(main, ["ledger", "close", "2026-09", "--name", "Anna"])
    assert (done.exit_code, "2026-09-30" in done.stdout) == (0, True), done.output
    again = run.invoke(main, ["ledger", "close", "2026-09", "--name", "Anna"])
    assert (again.exit_code, "closed already" in again.output) == (1, True)
    assert run.invoke(main, ["ledger", "close", "2026-09"]).exit_code == 2
    with transaction(engine) as session:
        assert [each.closed_by for each in list_closings(session, 9)] == ["Anna"]
