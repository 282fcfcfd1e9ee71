"""The job that proves the books: once when asked twice, and every check is in its list."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from by_hand import FREE
from sqlalchemy import Engine, text

from core.database import sql, transaction
from core.secrets import Vault
from core.settings import load_settings
from jobs.checks import CHECKS, all_checks
from jobs.job import Context
from jobs.run_now import run_now
from jobs.verify import JOB
from ledger.findings import is_halted, last_run


@pytest.fixture
def context(engine: Engine, vault: Vault, now: datetime, tmp_path: Path) -> Context:
    return Context(engine, load_settings({"KOPECK_HOME": str(tmp_path)}), vault, now=lambda: now)


def test_a_repeat_just_after_finds_nothing_to_do(context: Context, engine: Engine) -> None:
    first = run_now(context, JOB.name)
    assert (first.state, first.counts) == ("done", {"runs": 1}), first.error
    assert run_now(context, JOB.name).counts == {}
    later = context.now() + timedelta(hours=1)
    assert run_now(replace(context, now=lambda: later), JOB.name).counts == {"runs": 1}


def test_what_it_finds_is_in_its_result(context: Context, engine: Engine, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text(FREE))
        connection.execute(text("INSERT INTO posting VALUES (7, 1, 9, 5, 5, '2026-11-02', '2026-11-02')"))
    done = run_now(context, JOB.name)
    assert (done.state, done.counts) == ("done", {"runs": 1, "findings": 1, "new": 1}), done.error
    with transaction(engine) as session:
        run = last_run(session)
        assert is_halted(session)
    assert run and [name for name, count in run.checks.items() if count] == ["posting_astray"]


def test_every_check_stands_once_and_has_its_statement(context: Context) -> None:
    names = [check.name for check in all_checks(context.settings)]
    assert len(names) == len(set(names)) == len(CHECKS) + 2, "the tallies and the seals take settings"
    for check in CHECKS:
        head = sql(check.package, f"check_{check.name}").text.splitlines()[0]
        assert head.startswith("-- Out: ") and check.about
