"""import of events: its counts, its errors, and where it begins. What broke off is in test_import_kills."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from core import clock
from core.database import transaction
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
