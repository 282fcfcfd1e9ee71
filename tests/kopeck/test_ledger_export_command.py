"""`kopeck ledger export`: a whole file or none."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import structlog
from by_hand import unguarded
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from kopeck.cli import main
from ledger.export import FORMATS
from ledger.post import credit, debit, post

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_SECRET_KEY": "6b" * 32,
        "KOPECK_HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def kopeck(environ: dict[str, str], engine: Engine) -> Iterator[Run]:
    """Run a command in this process, on books of one entry."""
    money = Money.parse("12.345678", "RUB")
    with transaction(engine) as session:
        legs = [debit("assets:bank:manual:RUB", money), credit("equity:opening", money)]
        post(session, key="k", kind="deposit", legs=legs, effective_on=date(2026, 11, 2), note="Заказ 🦊")
    logs = structlog.get_config()

    def run(*arguments: str) -> Result:
        return CliRunner(env=environ).invoke(main, ["ledger", "export", *arguments])

    yield run
    structlog.configure(**logs)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_and_standard_output_are_the_same(kopeck: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"ledger.{FORMATS[name].suffix}"
    written = kopeck("--format", name, "--output", str(path))
    assert (written.exit_code, written.output) == (0, "")
    printed = kopeck("--format", name)
    assert printed.exit_code == 0
    if name != "ndjson":  # it tells its own time
        assert printed.stdout_bytes == path.read_bytes()
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [path.name]


def test_parquet_is_read_back(kopeck: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    kopeck("--format", "parquet", "--output", str(path))
    assert sorted(pq.read_table(path)["amount_micros"].to_pylist()) == [-12_345_678, 12_345_678]


def test_what_fails_leaves_the_file_that_was_there(kopeck: Run, owner: Engine, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("yesterday's")
    with unguarded(owner) as connection:
        connection.execute(text("DELETE FROM posting"))
    failed = kopeck("--format", "csv", "--output", str(path))
    assert failed.exit_code == 1 and "kopeck ledger verify" in failed.stderr
    assert path.read_text() == "yesterday's"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [path.name]


def test_a_wrong_line_says_what_is_wrong(kopeck: Run, tmp_path: Path) -> None:
    assert kopeck().exit_code == 2 and "--format" in kopeck().stderr
    assert "'xls' is not one of" in kopeck("--format", "xls").stderr
    nowhere = kopeck("--format", "csv", "--output", str(tmp_path / "none" / "ledger.csv"))
    assert nowhere.exit_code == 1 and "cannot be written: No such file or directory" in nowhere.stderr


def test_a_terminal_gets_text_and_a_bar_and_nothing_binary(kopeck: Run, environ: dict[str, str]) -> None:
    """As a process, with a terminal for standard output."""
    for name, code, part in (("parquet", 1, b"--output FILE"), ("hledger", 0, "; note:Заказ 🦊".encode())):
        ours, theirs = os.openpty()
        line = [sys.executable, "-m", "kopeck", "ledger", "export", "--format", name]
        done = subprocess.run(line, env=os.environ | environ, cwd=ROOT, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = os.read(ours, 1 << 16)
        os.close(ours)
        assert done.returncode == code and part in shown
        assert b"PAR1" not in shown
