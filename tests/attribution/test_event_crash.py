"""N7: a process killed in the middle of a batch leaves nothing half done; sent again, the totals are right."""

import subprocess
import sys
import time
from pathlib import Path

from attribution_market import counts, one, purchase, send, stock, view

CHILD = """
import sys
from sqlalchemy import event
from core.database import make_engine
from attribution_market import send, view, purchase
engine = make_engine(sys.argv[1], "Europe/Moscow")

@event.listens_for(engine, "after_cursor_execute")
def slow(connection, cursor, statement, *rest):
    if statement.lstrip().startswith(sys.argv[2]) or sys.argv[2] in statement:
        print("there", flush=True)
        sys.stdin.read()

send(engine, [view(f"e{i}") for i in range(500)] + [purchase("b", "o")])
"""
# The touches are copied, the purchase is inserted, the batch is closed.
MOMENTS = ("RELEASE SAVEPOINT", "INSERT INTO purchase", "UPDATE event_batch b")


def test_kill_9_in_the_middle_of_a_batch(engine, database_url):
    stock(engine)
    home = Path(__file__).parent
    for moment in MOMENTS:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, database_url, moment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": f"{home}:{home.parent.parent}"},
        )
        with child:
            assert child.stdout.readline() == b"there\n"
            child.kill()
        wait_for_rollback(engine)
        assert one(engine, "SELECT (SELECT count(*) FROM touch) + (SELECT count(*) FROM purchase)") == 0
    events = [view(f"e{i}") for i in range(500)] + [purchase("b", "o")]
    assert counts(send(engine, events)) == (501, 0, 0, 0, 0)
    assert counts(send(engine, events)) == (0, 501, 0, 0, 0)


def wait_for_rollback(engine):
    """The server notices the dead client at its next read; then its transaction and its locks are gone."""
    until = time.monotonic() + 20
    while one(engine, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
              " AND state LIKE 'idle in%'") and time.monotonic() < until:  # fmt: skip
        time.sleep(0.05)
