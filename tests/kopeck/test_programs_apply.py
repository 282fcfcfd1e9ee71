"""programs apply and backtest: what is missing is made, what stands is left, what differs is told in words."""

from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cli_help import Run
from sqlalchemy import Engine, text

from core import clock
from core.database import transaction
from core.money import Money
from core.settings import load_settings
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line

FILE = """
policy: {id: day, model: last_touch, scope: store, click_window_hours: 24, view_window_hours: 0}
program:
  id: prog
  name: Програма
  currency: RUB
  funding: {fund: main, line: l}
  policy: day
  open: all
  rate_protection_days: 7
versions:
  - effective_from: 2026-09-01
    rules:
      - {name: reach, grain: content_day, amount: "views * 0.010", caps: [{per: creator_day, amount: {amount: "5.10", currency: RUB}}]}
"""
TOMORROW = (clock.now() + timedelta(days=2)).date()


@pytest.fixture
def kopeck(kopeck: Run, tmp_path: Path, engine: Engine) -> Run:
    now, settings = clock.now(), load_settings({"KOPECK_HOME": str(tmp_path)})
    money = Money.parse("1000.00", "RUB")
    with transaction(engine) as session:
        create_fund(session, "main", "Main", money)
        deposit_money(session, "main", money, None, "fin", now, settings)
        create_line(session, "main", "l", "all", money, "once", True, now, settings)
    return partial(kopeck, "programs")


def write(folder: Path, body: str = FILE) -> str:
    path = folder / "prog.yaml"
    path.write_text(body, encoding="utf-8")
    return str(path)


def counts(engine: Engine) -> list[int]:
    with transaction(engine) as session:
        tables = "policy_version", "program", "program_version", "rule", "rule_cap", "backtest"
        return [session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables]


def test_a_second_time_changes_nothing_and_other_rules_are_a_new_version(
    kopeck: Run, tmp_path: Path, engine: Engine
) -> None:
    at_first = counts(engine)
    first = kopeck("apply", write(tmp_path), "--by", "Olga")
    assert first.exit_code == 0 and first.stdout.splitlines() == [
        "policy day: made",
        "program prog: made",
        "version 1: drafted, from 2026-09-01",
        "  The first version, from 2026-09-01.",
        "  Rule reach is new: `views * 0.010` for each content_day, at most 5.10 RUB a day for a creator.",
    ]
    made = counts(engine)
    assert [a - b for a, b in zip(made, at_first, strict=True)] == [1, 1, 1, 1, 1, 0]
    again = kopeck("apply", write(tmp_path), "--by", "Olga")
    assert again.stdout.splitlines() == [
        "policy day: stands",
        "program prog: stands",
        "version 1: stands (draft, from 2026-09-01)",
    ]
    assert counts(engine) == made
    assert (
        "version 1: active, from 2026-09-01"
        in kopeck("apply", write(tmp_path), "--by", "Olga", "--activate").stdout
    )
    assert (
        "version 1: stands (active" in kopeck("apply", write(tmp_path), "--by", "Olga", "--activate").stdout
    )

    other = FILE.replace("0.010", "0.02").replace("  - effective_from: 2026-09-01\n    rules", "  - rules")
    changed = kopeck("apply", write(tmp_path, other), "--by", "Olga", "--from", str(TOMORROW), "--activate")
    assert changed.stdout.splitlines()[2:] == [
        f"version 2: drafted, from {TOMORROW}",
        f"  It starts on {TOMORROW}; version 1 on 2026-09-01.",
        "  For 7 days who was there before earns no less a day than by version 1.",
        "  Rule reach: amount was `views * 0.010`, is now `views * 0.02`.",
        f"version 2: active, from {TOMORROW}",
    ]
    assert "version 2: stands" in kopeck("apply", write(tmp_path, other), "--by", "Olga").stdout


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("currency: RUB\n  funding", "currency: USD\n  funding", "currency"),
        ("open: all", "open: invite", "open is all, and invite in the file"),
        (
            "rate_protection_days: 7",
            "rate_protection_days: 8",
            "rate_protection_days is 7, and 8 in the file",
        ),
        ("click_window_hours: 24", "click_window_hours: 48", "click_window_hours is 24, and 48 in the file"),
        ("open: all", "open: everybody", "program.open: Must be one of"),
        ("name: reach", "name: reach, gain: 3", "gain: Unknown field"),
        ('"views * 0.010"', '"vews"', "views"),
        ("name: reach", "name: [", "line 14"),
        ("open: all", "open: all\n  open: all", "'open' stands twice"),
        ('"5.10"', "5.10", None),
        ('"5.10"', "5", "Not a valid string"),
        ("line: l", "line: m", "line is l, and m in the file"),
    ],
)
def test_what_differs_or_is_wrong_is_said_and_nothing_is_made(
    kopeck: Run, tmp_path: Path, engine: Engine, was: str, now: str, told: str | None
) -> None:
    kopeck("apply", write(tmp_path), "--by", "Olga")
    made = counts(engine)
    found = kopeck("apply", write(tmp_path, FILE.replace(was, now)), "--by", "Olga")
    assert counts(engine) == made
    assert found.exit_code == (0 if told is None else 1)
    assert (told or "") in found.stderr and "Traceback" not in found.stderr


def test_one_bad_file_of_two_makes_nothing(kopeck: Run, tmp_path: Path, engine: Engine) -> None:
    before, good = counts(engine), write(tmp_path)
    bad = tmp_path / "bad.yaml"
    bad.write_text(FILE.replace("line: l", "line: none").replace("id: prog", "id: next"), encoding="utf-8")
    found = kopeck("apply", good, str(bad), "--by", "Olga")
    assert found.exit_code == 1 and "none" in found.stderr and counts(engine) == before


def test_a_backtest_is_told_in_tables(kopeck: Run, tmp_path: Path, engine: Engine) -> None:
    file = write(tmp_path)
    kopeck("apply", file, "--by", "Olga", "--activate")
    day = date(2026, 9, 10)
    with transaction(engine) as session:
        for n in range(12):
            session.execute(text("INSERT INTO creator (id, name) VALUES (:c, :c)"), {"c": f"c{n:02}"})
            session.execute(
                text("INSERT INTO content (id, creator, kind, published_at) VALUES (:c, :c, 'video', :at)"),
                {"c": f"c{n:02}", "at": datetime(2026, 9, 1, tzinfo=clock.now().tzinfo)},
            )
            session.execute(
                text("INSERT INTO tally_content_day (content, day, views) VALUES (:c, :d, :v)"),
                {"c": f"c{n:02}", "d": day, "v": n * 100},
            )
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - {name: reach, grain: content_day, where: views > 300, amount: views * 0.02}\n"
    )
    found = kopeck("backtest", "prog", "--rules", str(rules), "--from", "2026-09-05", "--to", "2026-10-04")
    assert found.exit_code == 0, found.output
    for part in (
        "It costs 120.00; what was in force 45.60; difference +74.40.",
        "The biggest winners", "The biggest losers", "c11", "c03", "top tenth", "2026-09-10", "Line l of fund main",
    ):  # fmt: skip
        assert part in found.stdout, found.stdout
    assert counts(engine)[-1] == 1
    same = kopeck("backtest", "prog", "--version", "1", "--from", "2026-09-05", "--to", "2026-10-04")
    assert "difference 0.00" in same.stdout and "Caps that were hit" in same.stdout
    assert kopeck("backtest", "prog", "--from", "2026-09-05", "--to", "2026-10-04").exit_code == 2
    none = kopeck("backtest", "none", "--version", "1", "--from", "2026-09-05", "--to", "2026-10-04")
    assert (none.exit_code, none.stderr) == (1, "kopeck: No program 'none'.\n")
