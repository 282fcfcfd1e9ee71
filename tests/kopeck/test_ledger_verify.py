"""kopeck ledger verify: the books, and an export of them without a database."""

import gzip
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from by_hand import FREE
from cli_help import Run
from click.testing import Result
from sqlalchemy import Engine, text

from core.clock import now
from core.database import transaction
from core.money import Money
from core.settings import load_settings
from ledger import accounts
from ledger.findings import acknowledge, last_run, list_findings
from ledger.keyring import load_signer
from ledger.post import credit, debit, post


@pytest.fixture
def kopeck(kopeck: Run) -> Run:
    return partial(kopeck, "ledger")


@pytest.fixture
def books(engine: Engine) -> None:
    for number in range(3):
        money = Money(1_000_000, "RUB")
        with transaction(engine) as session:
            legs = [
                debit(accounts.OPENING, money),
                credit(accounts.creator(f"c{number}", "available"), money),
            ]
            post(session, key=f"k{number}", kind="x", effective_on=date(2026, 11, 2), legs=legs)


def edit(owner: Engine, statement: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(FREE))
        connection.execute(text(statement))


def test_good_books_are_proved_and_the_run_is_kept(kopeck: Run, books: None, engine: Engine) -> None:
    clean = kopeck("verify")
    assert (clean.exit_code, clean.stderr) == (0, "")
    assert " checks, 0 findings" in clean.stdout
    with transaction(engine) as session:
        run = last_run(session)
    assert run and set(run.checks.values()) == {0} and {"seals", "balance_wrong"} <= run.checks.keys()


def test_findings_are_named_and_end_with_one_until_they_are_acknowledged(
    kopeck: Run, books: None, engine: Engine, owner: Engine
) -> None:
    edit(owner, "UPDATE posting SET amount = amount + 1 WHERE account_id = 2")
    for new in (3, 0):
        failed = kopeck("verify")
        assert failed.exit_code == 1
        assert "running_balance_wrong: posting 2/1: amount " in failed.stderr
        assert "Payouts are stopped" in failed.stderr
        assert f"3 findings, {new} of them new" in failed.stdout
    with transaction(engine) as session:
        for each in list_findings(session):
            assert each.id in failed.stderr
            acknowledge(session, each.id, "Fyodor", "a test", now())
    known = kopeck("verify")
    assert known.exit_code == 0 and known.stderr.count("acknowledged by Fyodor") == 3
    assert "stopped" not in known.stderr


def test_a_warning_is_told_and_fails_nothing(kopeck: Run, books: None, owner: Engine) -> None:
    edit(
        owner,
        "INSERT INTO rule (version_id, name, grain, amount) VALUES (1, 'absurd', 'sale', '1');"
        " INSERT INTO reward_target (rule_id, key, program, creator, day, occurred_at, original, uncapped, target, clamped)"
        " VALUES (1, 'k', 'p', 'c', '2026-11-02', '2026-11-02', 0, 0, 0, true)",
    )
    warned = kopeck("verify")
    assert warned.exit_code == 0
    assert "reward_clamped: target 1: rule p/absurd, k" in warned.stderr and "1 findings" in warned.stdout


def test_an_edit_that_adds_up_is_found_by_the_seals(kopeck: Run, books: None, owner: Engine) -> None:
    head = kopeck("seal").stdout.strip()
    assert kopeck("verify", "--head", head).exit_code == 0
    edit(owner, "UPDATE entry SET note = 'nothing to see' WHERE id = 2")
    failed = kopeck("verify")
    assert failed.exit_code == 1 and "entry_changed: entry ent_" in failed.stderr
    wrong = f"1:{'0' * 64}"
    assert "seal_broken" in kopeck("verify", "--head", wrong).stderr


def test_an_export_is_proved_without_a_database(kopeck: Run, books: None, tmp_path: Path) -> None:
    head = kopeck("seal").stdout.strip()
    file, packed = tmp_path / "books.ndjson", tmp_path / "books.ndjson.gz"
    assert kopeck("export", "--format", "ndjson", "--output", str(file)).exit_code == 0
    packed.write_bytes(gzip.compress(file.read_bytes()))
    key = load_signer(load_settings({"KOPECK_HOME": str(tmp_path)})).public.hex()
    nowhere = {"KOPECK_DATABASE_URL": "postgresql://127.0.0.1:1/none", "KOPECK_HOME": str(tmp_path / "none")}

    def prove(path: Path, *arguments: str) -> Result:
        return kopeck("verify", "--export", str(path), *arguments, **nowhere)

    for path in (file, packed):
        done = prove(path, "--public-key", "00" * 32, "--public-key", key, "--head", head)
        assert (done.exit_code, done.stderr) == (0, ""), done.stderr
        assert done.stdout == "3 entries, 6 postings, 4 accounts, 1 seals with 3 entries, 0 problems\n"
    believed = prove(file)
    assert believed.exit_code == 0 and "first key was believed" in believed.stderr

    assert prove(file, "--public-key", "00" * 32).exit_code == 1
    assert prove(file, "--public-key", key, "--head", f"2:{'0' * 64}").exit_code == 1
    file.write_text(file.read_text().replace("1000000", "2000000"))
    changed = prove(file, "--public-key", key)
    assert changed.exit_code == 1 and "entry ent_" in changed.stderr
    packed.write_bytes(packed.read_bytes()[:-30])
    assert prove(packed, "--public-key", key).exit_code == 1
    file.write_bytes(b"\xff\x00 nothing")
    assert prove(file, "--public-key", key).exit_code == 1
    assert prove(tmp_path / "none.ndjson").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--public-key", "00" * 32),
        ("--export", __file__, "--public-key", "zz"),
        ("--export", __file__, "--head", "1"),
        ("--head", f"x:{'0' * 64}"),
    ],
)
def test_options_that_mean_nothing_are_refused(kopeck: Run, arguments: tuple[str, ...]) -> None:
    assert kopeck("verify", *arguments).exit_code == 2
