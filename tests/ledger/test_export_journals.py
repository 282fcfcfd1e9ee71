"""hledger and beancount read our books and come to our balances, to the micro."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data
from export_readers import by_beancount, by_hledger, hledger, moved
from export_world import BOOKS, FIRST, IDS, NASTY, TEXTS, export, keep, wipe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.database import transaction
from core.ids import public_id
from core.money import Money
from ledger.export.beancount import account_name
from ledger.export.pieces import shown
from ledger.post import Leg

BOTH = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")


def ours(engine: Engine) -> dict[tuple[str, str], int]:
    with transaction(engine) as session:
        rows = session.execute(
            text("SELECT a.code, a.currency, sum(p.amount) FROM posting p JOIN account a ON a.id = p.account_id GROUP BY 1, 2")
        )  # fmt: skip
        return moved({(code, currency): int(total) for code, currency, total in rows})


def headers(engine: Engine) -> list[Any]:
    with transaction(engine) as session:
        return session.execute(text("SELECT * FROM entry ORDER BY booked_on, id")).all()


@needs_hledger
@BOTH
@given(steps=BOOKS)
def test_x2_hledger_comes_to_our_balances(engine: Engine, owner: Engine, tmp_path: Path, steps: list) -> None:
    wipe(owner)
    keep(engine, steps)
    assert by_hledger(export(engine, tmp_path, "hledger")) == ours(engine)


@BOTH
@given(steps=BOOKS)
def test_x2_beancount_comes_to_our_balances(
    engine: Engine, owner: Engine, tmp_path: Path, steps: list
) -> None:
    wipe(owner)
    keep(engine, steps)
    path = export(engine, tmp_path, "beancount")
    assert by_beancount(path) == ours(engine)

    loaded = [entry for entry in loader.load_file(str(path))[0] if isinstance(entry, data.Transaction)]
    ids = {row.id: public_id("ent", row.id, row.recorded_at) for row in headers(engine)}
    assert {entry.meta["entry"] for entry in loaded} == set(ids.values())
    by_id = {entry.meta["entry"]: entry for entry in loaded}
    for row in headers(engine):
        entry = by_id[ids[row.id]]
        assert (entry.date, entry.narration) == (row.booked_on, shown(row.kind))
        assert (entry.meta["key"], entry.meta["effective_on"]) == (shown(row.key), row.effective_on)
        assert entry.meta.get("note") == (None if row.note is None else shown(row.note))
        assert entry.meta.get("corrects") == ids.get(row.corrects)
        assert not entry.tags and not entry.links


def story(engine: Engine) -> None:
    """Two days and their closings, and an entry that came too late for the first."""
    legs = [
        Leg("equity:opening", Money(1_234_567, "RUB")),
        Leg("liabilities:tax:npd", Money(-1_234_567, "RUB")),
    ]
    entry = {"kind": "x", "legs": legs, "effective_on": FIRST, "note": None, "corrects": False}
    keep(
        engine,
        [entry | {"key": "a"}, 0, entry | {"key": "late", "corrects": True}, entry | {"key": "c"}, 1],
    )


@needs_hledger
def test_a_note_stays_in_its_comment(engine: Engine, tmp_path: Path) -> None:
    """Each alone, so that one does not hide another; hledger prints back what it understood."""
    legs = [Leg("equity:opening", Money(1, "RUB")), Leg("liabilities:tax:npd", Money(-1, "RUB"))]
    keep(engine, [
        {"key": "k", "kind": "x", "legs": legs, "effective_on": FIRST, "note": note, "corrects": False} for note in NASTY
    ])  # fmt: skip
    path = export(engine, tmp_path, "hledger")
    by_hledger(path)
    tags = hledger("tags", "-f", str(path)).split()
    assert sorted(tags) == ["effective_on", "key", "note"]
    values = hledger("tags", "note", "--values", "-E", "-f", str(path)).split("\n")
    assert {shown(note, ",") for note in NASTY} <= {*values, ""}


@needs_hledger
def test_hledger_sees_a_balance_that_was_wrong_at_a_closing(engine: Engine, tmp_path: Path) -> None:
    story(engine)
    path = export(engine, tmp_path, "hledger")
    written = path.read_text()
    assert written.count("* closing") == 2 and written.count(" = ") == 4
    assert written.index("= 1.234567 RUB") < written.index("key:late")
    by_hledger(path)
    path.write_text(written.replace("= 1.234567 RUB", "= 1.234566 RUB"))
    with pytest.raises(AssertionError, match="assertion"):
        by_hledger(path)


def test_beancount_sees_a_balance_that_was_wrong_at_a_closing(engine: Engine, tmp_path: Path) -> None:
    story(engine)
    path = export(engine, tmp_path, "beancount")
    written = path.read_text()
    assert written.count(f"{FIRST + timedelta(1)} balance") == 2
    by_beancount(path)
    path.write_text(written.replace("1.234567 ~ 0 RUB", "1.234566 ~ 0 RUB", 1))
    with pytest.raises(AssertionError, match="Balance failed"):
        by_beancount(path)


@pytest.mark.parametrize("name", ["beancount", pytest.param("hledger", marks=needs_hledger)])
def test_a_micro_that_is_missing_is_not_forgiven(engine: Engine, tmp_path: Path, name: str) -> None:
    story(engine)
    path = export(engine, tmp_path, name)
    path.write_text(path.read_text().replace("  -1.234567 RUB\n", "  -1.234566 RUB\n", 1))
    with pytest.raises(AssertionError, match="balance"):
        {"beancount": by_beancount, "hledger": by_hledger}[name](path)


@pytest.mark.parametrize("name", ["beancount", "hledger"])
def test_the_last_lines_count_what_is_there(engine: Engine, tmp_path: Path, name: str) -> None:
    empty = export(engine, tmp_path, name)
    assert empty.read_text().endswith("\n; end: 0 entries, 0 postings\n")
    story(engine)
    assert export(engine, tmp_path, name).read_text().endswith(
        "\n; total RUB: 3 entries, 6 postings, debits 3.703701 RUB, credits -3.703701 RUB\n"
        "; end: 3 entries, 6 postings\n"
    )  # fmt: skip


def back(text: str) -> str:
    """The only id that a component can stand for."""
    tail = text.removeprefix("X-x")
    marks = {"--": "-", "-u": "_", "-d": "."}
    read = re.sub("--|-u|-d", lambda found: marks[found[0]], tail)
    return read if text.startswith("X-x") else read[0].lower() + read[1:]


_ID = st.one_of(st.sampled_from(IDS), st.from_regex(r"\A[A-Za-z0-9._-]{1,64}\Z"))


@given(_ID)
def test_a_beancount_account_is_legal_and_reads_back(id: str) -> None:
    component = account_name(f"liabilities:{id}").partition(":")[2]
    assert re.fullmatch("[A-Z0-9][A-Za-z0-9-]*", component)
    assert back(component) == id


@given(st.lists(st.text("aAxXuUdD0-_.", min_size=1, max_size=5), min_size=2, unique=True))
def test_no_two_ids_are_one_beancount_account(ids: list[str]) -> None:
    assert len({account_name(f"liabilities:{id}") for id in ids}) == len(ids)


@given(TEXTS, st.sampled_from(["", ",", ";|"]))
def test_shown_text_is_one_printable_line_that_reads_back(text: str, also: str) -> None:
    line = shown(text, also)
    assert line.isprintable() and line.strip() == line and not set(also) & set(line)
    escape = r"\\(?:\\|n|r|t|x..|u....|U........)"
    read = re.sub(escape, lambda found: found[0].encode().decode("unicode_escape"), line)
    assert read == text
