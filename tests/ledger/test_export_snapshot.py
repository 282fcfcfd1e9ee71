"""An export is one moment of the books, however long it takes and however much it is."""

import csv
import os
import subprocess
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from export_readers import by_beancount, by_csv, by_parquet
from export_world import FIRST, keep, many, pieces
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.database import transaction
from core.money import Money
from ledger.export import FORMATS
from ledger.export.snapshot import ROWS, count_postings, open_snapshot, stream
from ledger.post import Leg

NAMES = [name for name in FORMATS if name != "ndjson"]
LIMIT = 24  # MiB that an export of 100,000 postings may add to a process that has exported before
_MEASURE = """
import resource, sys
from core.database import make_engine, transaction
from ledger.export import FORMATS
from ledger.export.snapshot import open_snapshot, stream
from ledger.export import parquet, hledger, csv_rows, beancount, snapshot
url, name, small = sys.argv[1:]
engine = make_engine(url, "UTC")
def run(limit):
    size = 0
    with transaction(engine) as session:
        open_snapshot(session)
        for piece in FORMATS[name].writer(session):
            size += len(piece)
            assert len(piece) <= 65536
            if limit and size >= limit:
                break
    return size
run(int(small))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = run(0)
print(size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("name", NAMES)
def test_writers_do_not_show_in_an_export_under_way(
    engine: Engine, owner: Engine, tmp_path: Path, name: str
) -> None:
    many(owner, 40, 100)
    began, stop = threading.Event(), threading.Event()

    def write(writer: int) -> int:
        began.wait()
        posted = 0
        while not stop.is_set() or posted < 2:
            legs = [
                Leg("equity:opening", Money(7, "RUB")),
                Leg(f"liabilities:creator:c{posted % 90}:pending", Money(-7, "RUB")),
            ]
            key = f"w{writer}:{posted}"
            keep(
                engine,
                [
                    {
                        "key": key,
                        "kind": "x",
                        "legs": legs,
                        "effective_on": FIRST,
                        "note": None,
                        "corrects": False,
                    }
                ],
            )
            posted += 1
        return posted

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        with transaction(engine) as session:
            open_snapshot(session)
            expected = count_postings(session)
            began.set()
            for writer in writers:
                assert not writer.done()
            read = b"".join(FORMATS[name].writer(session))
            assert count_postings(session) == expected == 40 * 101
        stop.set()
        assert all(writer.result() > 0 for writer in writers)
    path = tmp_path / f"ledger.{FORMATS[name].suffix}"
    path.write_bytes(read)
    if name in {"hledger", "beancount"}:
        assert read.endswith(f"; end: 40 entries, {expected} postings\n".encode())
    if name == "hledger":
        return  # it reads the same lines as beancount
    balances = {"csv": by_csv, "beancount": by_beancount, "parquet": by_parquet}[name](path)
    assert balances and sum(balances.values()) == 0


def test_versions_and_balances_of_an_account_are_those_of_its_postings(engine: Engine, owner: Engine) -> None:
    many(owner, 5, 10)
    found = defaultdict(list)
    for row in csv.DictReader(b"".join(pieces(engine, "csv")).decode().splitlines()):
        found[row["account"]].append(row["version"])
    found.pop("")
    assert all(versions == ["1", "2", "3", "4", "5"] for versions in found.values())


def test_the_same_books_make_the_same_bytes(engine: Engine, owner: Engine) -> None:
    many(owner, 5, 10)
    for name in NAMES:
        assert list(pieces(engine, name)) == list(pieces(engine, name))


def test_a_snapshot_cannot_write(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(DBAPIError, match="read-only"):
        open_snapshot(session)
        session.execute(text("INSERT INTO finding (run_id) VALUES (1)"))


def test_a_snapshot_has_no_time_limit_and_gives_it_back(engine: Engine) -> None:
    with transaction(engine) as session:
        open_snapshot(session)
        assert session.scalar(text("SHOW statement_timeout")) == "0"
        assert session.scalar(text("SHOW transaction_read_only")) == "on"
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with transaction(engine) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == pid
        assert session.scalar(text("SHOW statement_timeout")) == "30s"
        assert session.scalar(text("SHOW transaction_read_only")) == "off"


def test_memory_does_not_grow_with_the_books(owner: Engine, database_url: str) -> None:
    """Two entries of 60,000 postings each."""
    many(owner, 2, 60_000)
    for name in NAMES:
        line = [sys.executable, "-c", _MEASURE, database_url, name, "200000"]
        done = subprocess.run(
            line, capture_output=True, text=True, cwd=Path(__file__).parents[2], env=os.environ
        )
        assert done.returncode == 0, done.stderr
        size, grown = map(int, done.stdout.split())
        assert size > 500_000 and grown < LIMIT, (name, size, grown)


def test_no_part_of_a_stream_is_larger_than_what_is_fetched_at_once(engine: Engine) -> None:
    """Reports are made of these parts: one part of all rows would be all rows in memory."""
    query = text("SELECT n FROM generate_series(1, CAST(:rows AS bigint)) n")
    with Session(engine) as session:
        open_snapshot(session)
        sizes = [len(part) for part in stream(session, query, rows=2 * ROWS + 1).partitions()]
    assert sizes == [ROWS, ROWS, 1]
