"""A fund's money over HTTP, many at once: SAFETY L2 and L6."""

from typing import Any

from api_market import Market, rub
from api_served import Served, at_once
from sqlalchemy import Engine, text

from core.database import transaction
from jobs.checks import CHECKS
from ledger.verify import run_checks


def lines(served: Served) -> dict[str, str]:
    return {
        each["id"]: each["balance"] for each in served.call("auditor", "GET", "/v1/funds/main").json["lines"]
    }


def proved(market: Market) -> None:
    with transaction(market.engine) as session:
        assert run_checks(session, CHECKS) == []


def test_l2_a_hundred_grants_from_a_line_of_sixty(market: Market, served: Served) -> None:
    line = {"id": "sixty", "purpose": "x", "allocation": {"amount": rub("60.00"), "per": "once"}}
    served.call("operator", "POST", "/v1/funds/main/lines", line)
    body = {"creator": "c3", "amount": rub("1.00"), "reason": "prize"}
    sent = at_once(100, lambda _: served.call("operator", "POST", "/v1/funds/main/lines/sixty/grants", body))
    assert sorted(each.status for each in sent) == [201] * 60 + [409] * 40
    assert {each.json["code"] for each in sent if each.status == 409} == {"not_enough_money"}
    assert lines(served)["sixty"] == "0.00"
    shown = served.call("auditor", "GET", "/v1/funds/main/lines/sixty/grants?limit=1000").json["data"]
    assert len(shown) == 60 and {each["state"] for each in shown} == {"done"}
    proved(market)


def patient(served: Served, role: str, path: str, body: Any = None) -> Any:
    """Ask again while all connections are taken; whatever else is answered stands."""
    while True:
        answer = served.call(role, "POST", path, body)
        if (answer.status, answer.json.get("code")) != (503, "too_busy"):
            return answer


def test_l6_transfers_in_both_directions_at_once(market: Market, served: Served, owner: Engine) -> None:
    """Fifty propose and approve there and fifty back, twice; a deadlock would be a 503 of another code, and counted."""
    before = lines(served)

    def there_and_back(number: int) -> list[int]:
        source, target = ("l", "m") if number % 2 else ("m", "l")
        body = {"from": source, "to": target, "amount": rub("1.00"), "reason": "race"}
        said = []
        for _ in range(2):
            made = patient(served, "operator", "/v1/funds/main/transfers", body)
            assert made.status == 201, made.data
            path = f"/v1/funds/main/transfers/{made.json['id']}/approve"
            said += [made.status, patient(served, "finance", path).status]
        return said

    said = [status for answers in at_once(100, there_and_back) for status in answers]
    assert said.count(201) == said.count(200) == 200
    assert lines(served) == before
    proved(market)
    with owner.connect() as connection:
        found = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.scalar(found) == 0
