"""report reconciliation and tax apply: what they print, and when their exit code is not 0."""

from datetime import timedelta
from pathlib import Path

import pytest
from cli_help import Run
from sqlalchemy import Engine, text

from core import clock
from core.database import transaction
from core.money import Money
from core.secrets import Vault
from payouts.note_difference import Found, note_difference
from payouts.reconcile import reconcile
from payouts.withholding import list_withholdings

EXAMPLE = Path(__file__).parents[2] / "examples" / "withholding" / "ru_2025.yaml"
TOMORROW = f"{clock.now() + timedelta(days=2):%Y-%m-%d}"


def noted(engine: Engine, amount: str, currency: str) -> None:
    now = clock.now() - timedelta(days=3)
    with transaction(engine) as session:
        found = Found("paid_there_not_here", f"tr_{amount}", Money.parse(amount, currency), "made up", now)
        note_difference(session, found, now)


def test_nothing_to_compare_is_no_difference(kopeck: Run, engine: Engine) -> None:
    before = kopeck("report", "reconciliation")
    assert (before.exit_code, before.stderr) == (0, "") and "never compared yet" in before.stdout
    with transaction(engine) as session:
        reconcile(session, None, clock.now(), clock.now(), clock.now())
    after = kopeck("report", "reconciliation")
    assert after.exit_code == 0 and f"as of {clock.now():%Y-%m-%d}" in after.stdout
    assert "Open differences" not in after.stdout


def test_an_open_difference_above_the_limit_is_no_success(kopeck: Run, engine: Engine) -> None:
    noted(engine, "10.50", "USD")
    noted(engine, "0.01", "EUR")
    shown = kopeck("report", "reconciliation")
    assert shown.exit_code == 1 and shown.stderr.startswith("Sending stands still: EUR, USD.")
    cells = {line.split()[0]: line.split() for line in shown.stdout.splitlines() if line.strip()}
    assert cells["USD"][-2:] == ["1", "10.50"] and cells["EUR"][-2:] == ["1", "0.01"]
    assert "paid_there_not_here  tr_10.50  10.50 USD     3  dif_" in shown.stdout
    assert kopeck("report", "reconciliation", "--limit", "11").exit_code == 0
    allowed = kopeck("report", "reconciliation", KOPECK_RECONCILIATION_LIMIT="10")
    assert allowed.exit_code == 1 and allowed.stderr.startswith("Sending stands still: USD.")


def test_the_example_is_laid_down_once(kopeck: Run, engine: Engine, vault: Vault) -> None:
    first = kopeck("tax", "apply", str(EXAMPLE), "--from", TOMORROW, "--by", "Anna")
    assert first.exit_code == 0 and first.stdout.splitlines() == [
        f"ndfl for individual in RUB: from {TOMORROW}",
        f"ndfl-nonresident for non_resident in RUB: from {TOMORROW}",
    ]
    again = kopeck("tax", "apply", str(EXAMPLE), "--from", TOMORROW, "--by", "Boris")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    with transaction(engine) as session:
        rules = list_withholdings(session)
        assert [len(each.bands) for each in rules if each.tax_status == "individual"] == [5]
    assert {each.made_by for each in rules} == {"Anna"}


RULE = "  - {tax_status: individual, currency: RUB, kind: ndfl, bands: [{rate: '0.13'}]}\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("withholdings:\n" + RULE + RULE.replace("0.13", "0.14"), "Other rules begin on that day"),
        ("withholdings:\n" + RULE + RULE.replace("'0.13'", "'1.3'"), "A rate is below 1"),
        ("withholdings:\n" + RULE.replace("individual", "rich"), "tax_status"),
        ("withholdings: []\n", "withholdings"),
        ("withholdings:\n" + RULE.replace("bands", "valid_from: 2025-01-01, bands"), "begin today or later"),
        ("withholdings: [", "rules.yaml"),
    ],
)
def test_one_bad_rule_lays_nothing_down(
    kopeck: Run, engine: Engine, tmp_path: Path, body: str, said: str
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(body, encoding="utf-8")
    refused = kopeck("tax", "apply", str(path))
    assert (refused.exit_code, refused.stdout) == (1, "") and said in refused.stderr, refused.stderr
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM withholding")) == 0
