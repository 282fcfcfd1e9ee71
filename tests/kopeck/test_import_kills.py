"""An import whose process dies goes on where it was and books every row once: real processes, real kill -9."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from test_import import Run, given, kopeck, one, view, write  # noqa: F401  (fixtures)

from attribution.recount import verify_tallies
from core.database import transaction
from core.settings import load_settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills")
ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = 4711
WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def eventually(happened: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


class Gate:
    """Holds up whoever comes to a moment in the database, until it is opened or they are killed."""

    def __init__(self, keeper: Connection) -> None:
        self.keeper = keeper

    def close(self) -> None:
        """Nobody passes; waits for those who are under way to come to their transaction's end."""
        self.keeper.execute(text(f"SELECT pg_advisory_lock({LOCK})"))

    def open(self) -> None:
        self.keeper.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))

    def waits(self, count: int) -> None:
        eventually(lambda: self.keeper.scalar(WAITING) == count)


@contextmanager
def gate(owner: Engine, moment: str) -> Iterator[Gate]:
    """A closed gate before each row of the moment, `INSERT ON table` or `UPDATE ON table`, with WHEN if need be."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
        keeper.execute(text(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END'"
        ))  # fmt: skip
        table, _, when = moment.partition(" WHEN ")
        condition = f"WHEN ({when})" if when else ""
        keeper.execute(text(f"CREATE TRIGGER gate BEFORE {table} FOR EACH ROW {condition} EXECUTE FUNCTION gate()"))  # fmt: skip
        made = Gate(keeper)
        made.close()
        try:
            yield made
        finally:
            keeper.execute(text("SELECT pg_advisory_unlock_all()"))
            keeper.execute(text("DROP FUNCTION gate() CASCADE"))


@contextmanager
def importing(given: dict[str, str], file: str, *options: str) -> Iterator[subprocess.Popen[str]]:  # noqa: F811
    """`kopeck import` as a process, killed at the end if it still runs."""
    line = [sys.executable, "-m", "kopeck", "import", *options, file]
    with subprocess.Popen(
        line, env=os.environ | given, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def break_off(owner: Engine, given: dict[str, str], file: str) -> None:  # noqa: F811
    """Kill -9 when the second chunk's rows are written and about to be committed; back when they are gone."""
    with gate(owner, "UPDATE ON import_run WHEN NEW.lines > 5000") as closed:
        with importing(given, file) as child:
            closed.waits(1)
            assert child.poll() is None
            child.kill()
        # The server learns of the death at its next word to the client, which the lock delays.
        closed.open()
        eventually(lambda: closed.keeper.scalar(text(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
        )))  # fmt: skip


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz"])
def test_an_import_that_was_killed_goes_on_and_answers_for_the_whole_file(
    kopeck: Run,  # noqa: F811
    given: dict[str, str],  # noqa: F811
    tmp_path: Path,
    engine: Engine,
    owner: Engine,
    name: str,
) -> None:
    rows: list[Any] = [view(n) for n in range(12_000)]
    rows[10], rows[11_000], rows[11_001] = b"bad", b"", {"type": "view"}
    file = write(tmp_path / name, rows)
    break_off(owner, given, file)
    assert one(engine, "SELECT count(*) FROM touch") == 4_999
    again = kopeck("import", file)
    assert again.stdout == (
        f"{name}: 11,997 accepted, 0 duplicates, 0 conflicts, 0 parked, 2 rejected (went on after line 5,000)\n"
    )
    assert again.exit_code == 1
    assert again.stderr.splitlines() == [
        "  line 11002: missing_field: Object missing required field `id`", "  and 1 more",
    ]  # fmt: skip
    assert one(engine, "SELECT count(*) FROM touch") == 11_997
    assert one(engine, "SELECT sum(duplicates) FROM event_batch") == 0
    assert one(engine, "SELECT count(*) FROM import_run WHERE ended_at IS NULL OR NOT whole") == 0
    assert "0 accepted, 11,997 duplicates" in kopeck("import", file).stdout, "a whole file begins again"


def test_it_begins_at_the_start_when_told_or_when_the_file_is_another(
    kopeck: Run,  # noqa: F811
    given: dict[str, str],  # noqa: F811
    tmp_path: Path,
    engine: Engine,
    owner: Engine,
) -> None:
    rows: list[Any] = [view(n) for n in range(6_000)]
    file = write(tmp_path / "events", rows)
    break_off(owner, given, file)
    other = kopeck("import", "--backfill", file).stdout
    assert "1,000 accepted, 5,000 duplicates" in other and "went on" not in other
    write(tmp_path / "events", [view(99_999), *rows[1:]])
    mended = kopeck("import", file).stdout
    assert "1 accepted, 5,999 duplicates" in mended and "went on" not in mended
    write(tmp_path / "events", rows)
    assert one(engine, "SELECT count(*) FROM import_run WHERE lines = 5000 AND NOT whole") == 1
    again = kopeck("import", "--restart", file).stdout
    assert "0 accepted, 6,000 duplicates" in again and "went on" not in again


def test_two_imports_of_one_broken_off_file_book_it_once(
    kopeck: Run,  # noqa: F811
    given: dict[str, str],  # noqa: F811
    tmp_path: Path,
    engine: Engine,
    owner: Engine,
) -> None:
    """Both go on after the same line; who comes second with the next chunk loses it and ends."""
    file = write(tmp_path / "events", [view(n) for n in range(16_000)])
    break_off(owner, given, file)
    with (
        gate(owner, "INSERT ON event_batch") as closed,
        importing(given, file) as first,
        importing(given, file) as second,
    ):
        closed.waits(2)
        closed.open()
        closed.close()
        eventually(lambda: {first.poll(), second.poll()} == {None, 1})
        goes_on, ended = (first, second) if first.poll() is None else (second, first)
        assert "Another process imports this file" in ended.communicate()[1]
        assert one(engine, "SELECT count(*) FROM import_run WHERE ended_at IS NULL") == 1, "it still runs"
        closed.open()
        assert "16,000 accepted, 0 duplicates" in goes_on.communicate(timeout=60)[0]
    assert one(engine, "SELECT count(*) FROM touch") == 16_000
    assert one(engine, "SELECT sum(accepted) FROM event_batch") == 16_000, (
        "the lost chunk went with its batch"
    )


@pytest.mark.slow
def test_kill_9_again_and_again_and_every_row_is_there_once(
    kopeck: Run,  # noqa: F811
    given: dict[str, str],  # noqa: F811
    tmp_path: Path,
    engine: Engine,
) -> None:
    count = 40_000
    file = write(tmp_path / "events.ndjson.gz", [view(n) for n in range(count)])
    for stop in (1, 10_001, 25_001):
        with importing(given, file) as child:
            eventually(
                lambda stop=stop: one(engine, "SELECT coalesce(max(lines), 0) FROM import_run") >= stop
            )
            assert child.poll() is None
            child.kill()
    with importing(given, file) as last:
        said, wrong = last.communicate(timeout=60)
    assert last.returncode == 0, wrong
    assert f"{count:,} accepted, 0 duplicates, 0 conflicts, 0 parked, 0 rejected (went on after" in said
    assert one(engine, "SELECT count(*) FROM touch") == one(engine, "SELECT sum(accepted) FROM event_batch")
    assert one(engine, "SELECT count(DISTINCT event_id) FROM touch") == count
    assert kopeck("jobs", "run", "tally").exit_code == 0
    assert one(engine, "SELECT sum(views) FROM tally_content_day") == count
    with transaction(engine) as session:
        assert verify_tallies(session, load_settings(given)) == []
