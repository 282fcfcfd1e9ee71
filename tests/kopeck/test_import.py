"""import of events: it goes on where it broke off, takes CSV, and says what it refused."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from attribution import importing
from attribution.recount import verify_tallies
from core import clock
from core.database import transaction
from core.settings import load_settings
from kopeck.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "6b" * 32
SEEN = (clock.now() - timedelta(hours=5)).isoformat()
Run = Callable[..., Result]


@pytest.fixture
def given(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"KOPECK_DATABASE_URL": database_url, "KOPECK_SECRET_KEY": SECRET, "KOPECK_HOME": str(tmp_path)}


@pytest.fixture
def kopeck(given: dict[str, str], tmp_path: Path) -> Iterator[Run]:
    """Run a command in this process, on the test's database, which has a small catalog."""
    logs = structlog.get_config()

    def run(*arguments: str) -> Result:
        result = CliRunner(env=given).invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    price = {"amount": "10.00", "currency": "RUB"}
    rows = [
        {"type": "creator", "id": "c1", "name": "Kira"},
        {"type": "seller", "id": "s1", "name": "Shop"},
        {"type": "product", "id": "p1", "seller": "s1", "title": "T", "price": price, "category": "home"},
        {"type": "content", "id": "k1", "creator": "c1", "kind": "video", "published_at": "2026-10-01T00:00:00Z", "products": ["p1"]},
    ]  # fmt: skip
    assert run("import", write(tmp_path / "catalog", rows)).exit_code == 0
    yield run
    structlog.configure(**logs)


def write(path: Path, rows: list[Any]) -> str:
    body = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return str(path)


def view(number: int) -> dict[str, Any]:
    return {"type": "view", "id": f"e{number}", "occurred_at": SEEN, "viewer": "v1", "content": "k1", "watch_ms": 9000}  # fmt: skip


def one(engine: Engine, statement: str) -> Any:
    with transaction(engine) as session:
        return session.execute(text(statement)).scalar_one()


def break_off(engine: Engine, file: str, chunks: int, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """An import that dies after so many chunks."""
    book, left = importing.advance, iter(range(chunks))

    def dies(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        book(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "advance", dies)
        assert run("import", file).exit_code != 0


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz"])
def test_an_import_that_broke_off_goes_on_and_answers_for_the_whole_file(
    kopeck: Run, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rows: list[Any] = [view(n) for n in range(12_000)]
    rows[10], rows[11_000], rows[11_001] = b"bad", b"", {"type": "view"}
    file = write(tmp_path / name, rows)
    break_off(engine, file, 1, monkeypatch, kopeck)
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


def test_what_broke_off_after_the_last_line_ends_with_its_counts(
    kopeck: Run, tmp_path: Path, engine: Engine
) -> None:
    file = write(tmp_path / "events", [view(n) for n in range(7_000)])
    kopeck("import", file)
    with transaction(engine) as session:
        session.execute(text("UPDATE import_run SET whole = false"))
    told = kopeck("import", file)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "7,000 accepted, 0 duplicates" in told.stdout and "after line 7,000" in told.stdout


@pytest.mark.parametrize("change", ["restart", "mended", "backfill"])
def test_it_begins_at_the_start_when_told_or_when_the_file_is_another(
    kopeck: Run, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    rows: list[Any] = [view(n) for n in range(6_000)]
    file = write(tmp_path / "events", rows)
    break_off(engine, file, 1, monkeypatch, kopeck)
    if change == "mended":
        write(tmp_path / "events", [view(99_999), *rows[1:]])
    told = kopeck("import", file, *([f"--{change}"] if change != "mended" else []))
    assert told.exit_code == 0 and "went on" not in told.stdout
    assert one(engine, "SELECT count(*) FROM touch") == (6_001 if change == "mended" else 6_000)


def test_two_imports_of_one_broken_off_file_book_it_once(
    kopeck: Run, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "events", [view(n) for n in range(16_000)])
    break_off(engine, file, 1, monkeypatch, kopeck)
    book, ran = importing.advance, []

    def overtaken(*arguments: Any) -> None:
        if not ran:
            ran.append(True)
            with transaction(engine) as session:
                session.execute(text("UPDATE import_run SET lines = 10000"))
        book(*arguments)

    monkeypatch.setattr(importing, "advance", overtaken)
    told = kopeck("import", file)
    assert told.exit_code == 1 and "Another process imports this file" in told.stderr
    assert one(engine, "SELECT count(*) FROM touch") == 5_000, "the chunk went with it"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kills")
def test_kill_9_again_and_again_and_every_row_is_there_once(
    kopeck: Run, given: dict[str, str], tmp_path: Path, engine: Engine
) -> None:
    count = 60_000
    file = write(tmp_path / "events.ndjson.gz", [view(n) for n in range(count)])
    line = [sys.executable, "-m", "kopeck", "import", file]
    for stop in (1, 15_001, 35_001):
        with subprocess.Popen(line, env=os.environ | given, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
            while one(engine, "SELECT coalesce(max(lines), 0) FROM import_run") < stop:
                assert child.poll() is None
                time.sleep(0.01)
            child.send_signal(signal.SIGKILL)
    done = subprocess.run(line, env=os.environ | given, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (
        f"{count:,} accepted, 0 duplicates, 0 conflicts, 0 parked, 0 rejected (went on after" in done.stdout
    )
    assert one(engine, "SELECT count(*) FROM touch") == one(engine, "SELECT sum(accepted) FROM event_batch")
    assert one(engine, "SELECT count(DISTINCT event_id) FROM touch") == count
    assert kopeck("jobs", "run", "tally").exit_code == 0
    assert one(engine, "SELECT sum(views) FROM tally_content_day") == count
    with transaction(engine) as session:
        assert verify_tallies(session, load_settings(given)) == []


def test_several_files_and_all_their_errors(kopeck: Run, tmp_path: Path) -> None:
    first = write(tmp_path / "a", [view(1), b"bad", view(2)])
    second = write(tmp_path / "b", [view(2), *[b"{}"] * 30])
    told = kopeck("import", "--errors", str(tmp_path / "errors"), first, second)
    assert told.exit_code == 1
    assert [line.partition(",")[0] for line in told.stdout.splitlines()] == ["a: 2 accepted", "b: 0 accepted"]
    assert told.stderr.splitlines()[-1] == "  and 10 more"
    errors = [json.loads(line) for line in (tmp_path / "errors").read_text().splitlines()]
    assert [(error["file"], error["line"]) for error in errors] == [
        ("a", 2), *(("b", n) for n in range(2, 32)),
    ]  # fmt: skip
    assert errors[0] == {"file": "a", "line": 2, "id": None, "code": "broken_json", "detail": "The row is not JSON."}  # fmt: skip


def test_a_bad_file_is_told_before_a_good_one_is_imported(
    kopeck: Run, tmp_path: Path, engine: Engine
) -> None:
    good, bad = write(tmp_path / "a", [view(1)]), write(tmp_path / "b.csv", [b"type;id;occurred_at"])
    told = kopeck("import", good, bad)
    assert (told.exit_code, told.stdout) == (1, "") and "Line 1, the header" in told.stderr
    assert one(engine, "SELECT count(*) FROM touch") == 0


def test_a_line_of_any_length_is_one_bad_row(kopeck: Run, tmp_path: Path, engine: Engine) -> None:
    long = json.dumps(view(1) | {"viewer": "x" * 5_000_000}).encode()
    told = kopeck("import", write(tmp_path / "events", [view(0), long, view(2)]))
    assert told.exit_code == 1
    assert "2 accepted" in told.stdout and "1 rejected" in told.stdout
    assert told.stderr.startswith("  line 2: broken_json")
