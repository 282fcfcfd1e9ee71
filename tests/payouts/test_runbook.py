"""The runbook knows every word by which the code says that a person must look."""

import re
from pathlib import Path

import pytest

from ledger.verify import CHECKS as LEDGER
from payouts import attempt, reconcile
from payouts.checks import CHECKS
from payouts.note_difference import CURED_BY_SETTLING, KINDS
from payouts.stripe.reasons import _SENTENCES, reason_of

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
API = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "api").glob("*.py"))
MANUAL = (ROOT / "docs" / "payouts.md").read_text(encoding="utf-8")


def told(heading: str) -> set[str]:
    """What stands in code in the first cells of a chapter's table."""
    chapter = RUNBOOK.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in chapter.splitlines() if line.startswith("| ")]
    return {word for cell in cells for word in re.findall(r"`([a-z_]+)`", cell)}


def said(pattern: str, *names: str) -> set[str]:
    """What a pattern finds in statements of SQL."""
    files = [ROOT / "payouts" / "sql" / f"{name}.sql" for name in names]
    return {word for file in files for word in re.findall(pattern, file.read_text(encoding="utf-8"))}


def test_every_difference_has_its_row_and_no_other() -> None:
    assert told("Differences") - {"kind"} == set(KINDS)
    assert set(reconcile.BY_PROVIDER + reconcile.BY_US) | set(CURED_BY_SETTLING) | set(attempt.STUCK) < set(
        KINDS
    )


def test_what_the_comparisons_call_a_difference_is_one() -> None:
    kinds = said(
        r"(?:SELECT|ELSE|THEN) '([a-z]+(?:_[a-z]+)*)'(?:,| AS kind| END AS kind)",
        "reconcile_ours",
        "reconcile_provider",
    )
    assert kinds == set(reconcile.BY_PROVIDER + reconcile.BY_US)


def test_every_reason_of_a_hold_has_its_row() -> None:
    obstacles = said(r"THEN '([a-z]+_[a-z_]+)'", "send", "attempt_obstacles")
    refusals = {reason_of(code).partition(":")[0] for code in _SENTENCES}
    others = set(
        re.findall(r'"((?:stripe|resolved)_[a-z_]+): ', "".join(map(source, ("obstacles", "resolve"))))
    )
    assert len(obstacles) >= 4 and len(others) >= 3
    assert obstacles | refusals | others <= told("Held payouts")


def source(name: str) -> str:
    return (ROOT / "payouts" / f"{name}.py").read_text(encoding="utf-8")


def test_every_check_of_the_books_and_payouts_has_its_row() -> None:
    assert {check.name for check in (*LEDGER, *CHECKS)} | {"seals"} == told("Findings of the books")


def test_every_reason_not_to_pay_stands_in_the_manual() -> None:
    reasons = said(r"(?:THEN|ELSE) '([a-z_]+)'", "why_not")
    assert len(reasons) == 10 and all(f"`{reason}`" in MANUAL for reason in reasons)


@pytest.mark.parametrize("name", re.findall(r"`(?:GET|POST) /v1(/[^`?]+)", RUNBOOK))
def test_every_address_is_there(name: str) -> None:
    paths = {re.sub(r"<[^>]+>", "{id}", path) for path in re.findall(r'"(/[a-z][^"]*)"', API)}
    assert name.replace("…", "") in paths
