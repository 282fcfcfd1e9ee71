"""The command line: help, errors, exit codes, and what is printed where."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from cli_help import SECRET, Run, catalog, said, view, write
from click.testing import CliRunner
from sqlalchemy import Engine, text

from api.keys import principal_of
from core import clock
from core.database import transaction
from core.errors import Forbidden
from core.money import Money
from core.settings import Settings, load_settings
from jobs.registry import JOBS
from kopeck import version
from kopeck.cli import main
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line

ROOT = Path(__file__).resolve().parent.parent.parent


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(main)), ids=lambda path: " ".join(path) or "kopeck")
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        result = CliRunner().invoke(main, [*path, option])
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")
        told = result.stdout.partition("\n\n")[2].partition("Options:")[0].strip()
        assert len(told) > 10, "it says what it does"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["keys", "nonsense"], "No such command 'nonsense'"),
        (["keys", "create", "--name", "A"], "--role"),
        (["keys", "create", "--role", "platform"], "--name"),
        (["keys", "create", "--role", "boss", "--name", "A"], "'boss' is not one of"),
        (["keys", "create", "--role", "platform", "--name", "A", "--scope", "all"], "'all'"),
        (["keys", "revoke"], "KEY_ID"),
        (["import"], "FILE"),
        (["import", "/nonexistent/file"], "does not exist"),
        (["import", "/"], "is a directory"),
        (["jobs", "run", "nonsense"], "'nonsense' is not one of"),
        (["jobs", "run"], "NAME"),
        (["report", "attribution", "--from", "2026-13-01", "--to", "2026-10-02"], "2026-13-01"),
        (["report", "fund"], "FUND"),
        (["version", "--loud"], "--loud"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(arguments: list[str], part: str) -> None:
    said(CliRunner().invoke(main, arguments), 2, "Usage:", part)


def test_version_as_a_process() -> None:
    program = Path(sys.executable).with_name("kopeck")
    done = subprocess.run([program, "version"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{version()}\n", "")


def test_settings_are_shown_and_secrets_are_not(kopeck: Run, database_url: str) -> None:
    shown = kopeck("settings", KOPECK_WORKERS="7").stdout
    assert [line.split()[0] for line in shown.splitlines()] == [
        f"KOPECK_{item.name.upper()}" for item in fields(Settings)
    ]
    assert SECRET not in shown and database_url.rpartition("@")[0][-20:] not in shown
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("KOPECK_WORKERS ")] == ["7"]


def test_bad_settings_are_one_message_that_names_all(kopeck: Run) -> None:
    bad = {"KOPECK_WORKERS": "none", "KOPECK_BIND": "here", "KOPECK_TIME_ZONE": "Mars"}
    for command in (["settings"], ["up"], ["serve"], ["work"], ["migrate"], ["demo"], ["keys", "list"]):
        result = kopeck(*command, **bad)
        said(result, 1, *bad)
        assert result.stderr.startswith("kopeck: ")
        assert "Traceback" not in result.stderr


def test_a_key_alone_is_on_standard_output(kopeck: Run, engine: Engine) -> None:
    made = kopeck("keys", "create", "--role", "creator", "--subject", "c1", "--name", " Kira ", )  # fmt: skip
    assert (made.exit_code, made.stderr) == (0, "")
    key = made.stdout.removesuffix("\n")
    with transaction(engine) as session:
        who = principal_of(session, key, clock.now())
    assert (who.role, who.subject, who.person, who.scopes) == ("creator", "c1", "Kira", ())
    wide = kopeck("keys", "create", "--role", "platform", "--name", "P", "--scope", "backfill").stdout.strip()
    with transaction(engine) as session:
        assert principal_of(session, wide, clock.now()).scopes == ("backfill",)

    listed = kopeck("keys", "list").stdout
    assert [line.split()[:4] for line in listed.splitlines()] == [
        [who.key_id, "creator", "c1", "live"],
        [wide.split("_")[2], "platform", "-", "live"],
    ]
    assert key.rpartition("_")[2] not in listed
    revoked = kopeck("keys", "revoke", who.key_id)
    assert (revoked.exit_code, revoked.stdout) == (0, "")
    assert "revoked" in kopeck("keys", "list").stdout.splitlines()[0]
    with pytest.raises(Forbidden), transaction(engine) as session:
        principal_of(session, key, clock.now())
    for gone in (who.key_id, "nonsense", key):
        said(kopeck("keys", "revoke", gone), 1, "kopeck: No live key")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--role", "creator", "--name", "A"],
        ["--role", "platform", "--name", "A", "--subject", "c1"],
        ["--role", "seller", "--name", "A", "--subject", "a b"],
        ["--role", "platform", "--name", "  "],
        ["--role", "platform", "--name", "A" * 201],
    ],
)
def test_a_key_that_makes_no_sense_is_refused(kopeck: Run, arguments: list[str]) -> None:
    said(kopeck("keys", "create", *arguments), 1, "kopeck: ")
    assert kopeck("keys", "list").output == ""


def test_jobs_are_listed_and_run(kopeck: Run, tmp_path: Path) -> None:
    listed = kopeck("jobs", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed[1:]] == [job.name for job in JOBS]
    assert all(job.about in line for job, line in zip(JOBS, listed[1:], strict=True))
    kopeck("import", write(tmp_path / "catalog", catalog(1)))
    kopeck("import", write(tmp_path / "events", [view(n) for n in range(3)]))
    done = kopeck("jobs", "run", "tally")
    assert done.exit_code == 0 and done.stdout.startswith("tally ") and "nothing" not in done.stdout
    assert kopeck("jobs", "run", "tally").stdout.split(maxsplit=1) == ["tally", "nothing to do\n"]
    every = kopeck("jobs", "run", "all")
    assert every.exit_code == 0
    assert [line.split()[0] for line in every.stdout.splitlines()] == [job.name for job in JOBS]


def test_a_job_that_fails_is_told(kopeck: Run, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE event_batch RENAME TO gone"))
    one = kopeck("jobs", "run", "tally")
    assert one.exit_code == 1 and "failed: " in one.stderr and "Traceback" not in one.output
    rest = kopeck("jobs", "run", "all")
    assert rest.exit_code == 1 and "failed: " in rest.stderr
    assert "partitions" in rest.stdout, "the others run"


@pytest.fixture
def fund(engine: Engine) -> str:
    """A fund with names that a terminal's markup would take for its own."""
    now, settings = clock.now(), load_settings({"KOPECK_HOME": "/nonexistent"})
    with transaction(engine) as session:
        create_fund(session, "star", "Fund [/red] [bold]", Money.parse("9000000.00", "RUB"))
        deposit_money(session, "star", Money.parse("1234567.89", "RUB"), "1", "Fyodor", now, settings)
        budget = Money.parse("1000000.00", "RUB")
        create_line(session, "star", "fire" * 16, "x", budget, "month", True, now, settings)
    return "fire" * 16


def test_reports_show_every_account_and_amount_whole(kopeck: Run, fund: str) -> None:
    shown = kopeck("report", "fund", "star")
    assert shown.exit_code == 0
    assert "Fund star: Fund [/red] [bold], 1234567.89 RUB of a budget of 9000000.00 RUB" in shown.stdout
    assert fund in shown.stdout and "…" not in shown.stdout
    kopeck("jobs", "run", "allocate")
    trial = kopeck("report", "trial-balance").stdout
    assert f"liabilities:fund:star:line:{fund}" in trial
    assert "1234567.89 RUB" in trial and "difference 0.00 RUB" in trial and "…" not in trial
    found = kopeck("report", "attribution", "--from", "2026-10-01", "--to", "2026-10-31")
    assert found.exit_code == 0
    assert [line.split()[0] for line in found.stdout.splitlines()[-5:]] == [
        "purchases", "attributed", "by_click", "by_view", "unattributed",
    ]  # fmt: skip


def test_reports_refuse_what_is_not_there(kopeck: Run) -> None:
    days = ("--from", "2026-10-31", "--to", "2026-10-01")
    said(kopeck("report", "fund", "nothing"), 1, "kopeck: ")
    said(kopeck("report", "attribution", *days), 1, "kopeck: ")
    said(kopeck("report", "attribution", *days[:3], "2026-10-31", "--policy", "none"), 1, "kopeck: ")


def test_verify_is_clean_until_somebody_edits_the_books(kopeck: Run, fund: str, owner: Engine) -> None:
    clean = kopeck("ledger", "verify")
    assert clean.exit_code == 0 and " 0 findings" in clean.stdout
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE posting DISABLE TRIGGER USER"))
        connection.execute(
            text("UPDATE posting SET amount = amount + 1 WHERE ctid = (SELECT min(ctid) FROM posting)")
        )
    edited = kopeck("ledger", "verify")
    assert edited.exit_code == 1
    assert "entry_unbalanced: entry 1:" in edited.stderr
    assert " 0 findings" not in edited.stdout


def test_a_fault_is_no_success(database_url: str) -> None:
    """What nobody foresaw keeps its traceback and a non-zero exit code."""
    environ = os.environ | {"KOPECK_DATABASE_URL": database_url, "KOPECK_SECRET_KEY": SECRET}
    code = "from kopeck.commands import keys; keys.list_keys = lambda s: 1 / 0; from kopeck.cli import main; main()"
    line = [sys.executable, "-c", code, "keys", "list"]
    done = subprocess.run(line, env=environ, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
