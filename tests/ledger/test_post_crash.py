"""A poster dies in the middle of a compound entry: nothing half done stays, and nobody waits for the dead."""

import subprocess
import sys
from pathlib import Path

import pytest
from ledger_books import BANK, at_once, attempt, balance, book, clean, counts, eventually, rub
from sqlalchemy import Engine, text

from ledger import accounts
from ledger.post import Leg, credit, debit

POTS = [accounts.creator(f"c{i}", "pending") for i in range(200)]
# It posts for 200 accounts and then says so, its transaction still open; or is told to stop inside the statement.
CHILD = """
import sys
from core.database import make_engine, transaction
from ledger.post import post
from ledger_books import DAY
from test_post_crash import legs
engine = make_engine(sys.argv[1], "Europe/Moscow")
with transaction(engine) as session:
    print("begins", flush=True)
    post(session, key="big", kind="grant", effective_on=DAY, legs=legs())
    print("posted", flush=True)
    sys.stdin.read()
"""


def legs() -> list[Leg]:
    return [debit(BANK, rub("200.00")), *(credit(pot, rub("1.00")) for pot in POTS)]


def child(database_url: str) -> subprocess.Popen[bytes]:
    here = Path(__file__).parent
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": f"{here}:{here.parent.parent}"},
    )


def others(owner: Engine, more: str = "true") -> list[int]:
    """The backends of the child; it is the only one that is named so and works in this database."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        f" AND application_name = 'kopeck' AND usename IS NOT NULL AND xact_start IS NOT NULL AND {more}"
    )
    with owner.connect() as connection:
        return list(connection.scalars(text(query)))


@pytest.mark.parametrize("how", ["kill -9 of the client", "pg_terminate_backend"])
@pytest.mark.parametrize("moment", ["inside the statement", "before the commit"])
def test_a_compound_entry_cut_short_leaves_nothing(
    engine: Engine, owner: Engine, database_url: str, how: str, moment: str
) -> None:
    """Inside: it has moved some of the balances, newest first, and waits for an older one that another holds."""
    book(engine, "open", [debit(BANK, rub("200.00")), *(credit(pot, rub("1.00")) for pot in POTS)])
    before = counts(engine)
    with owner.connect() as holder:
        if moment == "inside the statement":
            query = (
                "SELECT FROM balance JOIN account ON id = account_id WHERE code = :code FOR UPDATE OF balance"
            )
            holder.execute(text(query), {"code": POTS[100]})
        with child(database_url) as poster:
            assert poster.stdout is not None
            assert poster.stdout.readline() == b"begins\n"
            if moment == "before the commit":
                assert poster.stdout.readline() == b"posted\n"
            waits = (
                "wait_event_type = 'Lock'" if moment == "inside the statement" else "state LIKE 'idle in%'"
            )
            eventually(lambda: bool(others(owner, waits)))
            if how == "pg_terminate_backend":
                with owner.connect() as connection:
                    connection.execute(
                        text("SELECT pg_terminate_backend(:pid)"), {"pid": others(owner, waits)[0]}
                    )
            poster.kill()
        holder.rollback()
    eventually(lambda: not others(owner))
    assert counts(engine) == before
    assert balance(engine, POTS[199]) == balance(engine, POTS[0]) == "1.00"
    assert not book(engine, "big", legs()).replayed
    assert balance(engine, POTS[199]) == "2.00"
    assert clean(engine)


def test_writers_cut_off_at_random_leave_whole_entries(engine: Engine, owner: Engine) -> None:
    """While ten post, their connections are cut again and again: each entry is there with all of its postings or not."""
    book(engine, "open", [debit(BANK, rub("200.00")), *(credit(pot, rub("1.00")) for pot in POTS)])

    def act(worker: int) -> list[str]:
        if worker == 10:
            return [str(each) for _ in range(40) for each in cut(owner)]
        return [attempt(lambda i=i: book(engine, f"b{worker}:{i}", legs())) for i in range(12)]

    *said, cuts = at_once(11, act)
    posted = sum(each.count("done") for each in said)
    assert {each for one in said for each in one} <= {"done", "database_unavailable"}
    assert cuts and posted < 120
    lost = [
        f"b{worker}:{i}" for worker, one in enumerate(said) for i, each in enumerate(one) if each != "done"
    ]
    for key in lost:  # its answer was lost, perhaps after the commit: asked again, it is there once
        book(engine, key, legs())
    assert balance(engine, POTS[0]) == "121.00"
    assert clean(engine)


def cut(owner: Engine) -> list[int]:
    """End the sessions that post at this moment; who they are is settled first, so that it never ends itself."""
    query = (
        "WITH poster AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%ledger_post%')"
        " SELECT pid FROM poster WHERE pg_terminate_backend(pid)"
    )
    with owner.connect() as connection:
        return list(connection.scalars(text(query)))
