"""L10, over HTTP and with the command line: who edits the books is found, and no money leaves until a person looked."""

import json
from pathlib import Path
from typing import Any

import pytest
from api_market import Market
from api_requests import REQUESTS, RUN
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from kopeck.cli import main


@pytest.fixture
def verify(database_url: str, tmp_path: Path) -> Any:
    """`kopeck ledger verify` on the marketplace's database."""
    env = {"KOPECK_DATABASE_URL": database_url, "KOPECK_SECRET_KEY": "6b" * 32, "KOPECK_HOME": str(tmp_path)}

    def run(*arguments: str) -> Result:
        result = CliRunner(env=env).invoke(main, ["ledger", "verify", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def edit(owner: Engine) -> str:
    """As superuser, one micro more in the oldest posting; its name."""
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE posting DISABLE TRIGGER USER"))
        row = connection.execute(
            text(
                "UPDATE posting SET amount = amount + 1 WHERE (account_id, version) ="
                " (SELECT account_id, version FROM posting ORDER BY entry_id, account_id LIMIT 1)"
                " RETURNING account_id, version"
            )
        ).one()
    return f"posting {row.account_id}/{row.version}"


def test_l10_an_edited_row_is_named_and_stops_payouts_until_it_is_acknowledged(
    market: Market, owner: Engine, verify: Any
) -> None:
    call = market.call
    clean = verify()
    assert clean.exit_code == 0, clean.stderr
    assert call.ok("auditor", "GET", "/v1/ledger/verify")["halted"] is False

    row = edit(owner)
    failed = verify()
    assert failed.exit_code == 1
    assert f"running_balance_wrong: {row}: " in failed.stderr and "entry_unbalanced: entry " in failed.stderr

    refused = call("finance", "POST", "/v1/payout-runs", RUN, idempotency_key="k")
    assert (refused.status_code, refused.json["code"]) == (503, "ledger_halted")
    assert int(refused.headers["Retry-After"]) > 0
    approve = call("finance2", "POST", "/v1/payout-runs/{run_draft}/approve".format(**market.ids))
    assert (approve.status_code, approve.json["code"]) == (503, "ledger_halted")

    shown = call.ok("auditor", "GET", "/v1/ledger/verify")
    assert shown["halted"] is True
    counts = {each["name"]: each["findings"] for each in shown["checks"]}
    assert counts["running_balance_wrong"] == counts["entry_unbalanced"] == 1 and counts["floor_broken"] == 0
    halting = [each for each in shown["findings"] if each["halts"]]
    assert row in {each["subject"] for each in halting}
    assert refused.json["finding"] in {each["id"] for each in halting}

    for each in halting:
        body = {"finding": each["id"], "reason": "restored from the backup of Monday"}
        assert call("auditor", "POST", "/v1/ledger/acknowledge", body).status_code == 403
        assert call("finance", "POST", "/v1/payout-runs", RUN).status_code == 503
        known = call.ok("finance", "POST", "/v1/ledger/acknowledge", body)
        assert (known["acknowledged_by"], known["reason"]) == ("Fyodor", body["reason"])
    assert call.ok("finance", "POST", "/v1/payout-runs", RUN, idempotency_key="k")["state"] == "drafting"

    again = verify()
    assert again.exit_code == 0 and f"running_balance_wrong: {row}: " in again.stderr
    assert " 0 of them new" in again.stdout and "acknowledged by Fyodor" in again.stderr
    market.jobs()
    run = call.ok("finance", "GET", "/v1/payout-runs?limit=1")["data"][0]
    assert run["state"] == "draft"


def test_an_acknowledgement_needs_a_reason_and_a_finding(market: Market) -> None:
    id = market.ids["fnd_open"]
    for body in ({"finding": id}, {"finding": id, "reason": ""}, {"finding": id, "reason": "x" * 501}, {}):
        answer = market.call("finance", "POST", "/v1/ledger/acknowledge", body)
        assert answer.status_code == 422, answer.text
    blank = market.call("finance", "POST", "/v1/ledger/acknowledge", {"finding": id, "reason": "  "})
    assert (blank.status_code, blank.json["code"]) == (422, "reason_missing")
    none = {"finding": id[:-1] + ("0" if id[-1] != "0" else "1"), "reason": "x"}
    assert market.call("finance", "POST", "/v1/ledger/acknowledge", none).status_code == 404
    done = {"finding": market.ids["fnd_done"], "reason": "x"}
    answer = market.call("finance", "POST", "/v1/ledger/acknowledge", done)
    assert (answer.status_code, answer.json["code"]) == (409, "already_acknowledged")


def test_findings_are_listed_by_state_and_page(market: Market) -> None:
    def ids(query: str) -> list[str]:
        return [
            each["id"] for each in market.call.ok("auditor", "GET", f"/v1/ledger/findings{query}")["data"]
        ]

    known = market.ids
    assert ids("") == [known["fnd_done"], known["fnd_other"], known["fnd_open"]]
    assert ids("?open=true") == [known["fnd_other"], known["fnd_open"]]
    assert ids("?open=false") == [known["fnd_done"]]
    first = market.call.ok("auditor", "GET", "/v1/ledger/findings?limit=2")
    assert ids(f"?limit=2&cursor={first['next_cursor']}") == [known["fnd_open"]]
    assert market.call("auditor", "GET", "/v1/ledger/findings?open=yes").status_code == 422
    one = market.call.ok("auditor", "GET", f"/v1/ledger/findings/{known['fnd_done']}")
    assert one["reason"] == "known" and one["halts"] is False


def test_the_answer_before_any_run_is_empty(market: Market, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE finding DISABLE TRIGGER USER"))
        connection.execute(text("ALTER TABLE verify_run DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM finding"))
        connection.execute(text("DELETE FROM verify_run"))
    assert market.call.ok("auditor", "GET", "/v1/ledger/verify") == {
        "id": None,
        "started_at": None,
        "finished_at": None,
        "checks": [],
        "findings": [],
        "halted": False,
    }


def test_the_demos_job_makes_the_first_run(market: Market) -> None:
    shown = market.call.ok("auditor", "GET", "/v1/ledger/verify")
    assert shown["id"].startswith("ver_") and json.dumps(shown)
    market.clock.pass_time(days=1)
    market.jobs()
    later = market.call.ok("auditor", "GET", "/v1/ledger/verify")
    assert later["id"] != shown["id"]
    assert {each["name"]: each["findings"] for each in later["checks"]}["seals"] == 0
    assert all(each["findings"] == 0 for each in later["checks"]), later["checks"]
    assert REQUESTS["GET /ledger/verify"].role == "auditor"
