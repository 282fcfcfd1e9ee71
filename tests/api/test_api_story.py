"""One creator's money over HTTP, from the sale to the refund of a sale that was paid out already."""

import csv
import io
from datetime import timedelta
from typing import Any

from api_market import Market


def pots(market: Market) -> tuple[str, ...]:
    [pot] = market.call.ok("creator", "GET", "/v1/creators/c1/balance")["balances"]
    return tuple(pot[name] for name in ("pending", "available", "in_transit", "paid_out", "payable"))


def statement(market: Market) -> dict[str, Any]:
    path = "/v1/creators/c1/statement?from=2026-11-01&to=2026-12-31"
    shown: dict[str, Any] = market.call.ok("creator", "GET", path)
    return shown


def sell(market: Market, number: int, amount: str) -> None:
    market.events(
        market.event("click", f"sc{number}", viewer="v5", content="k1", product="p1"),
        market.event("purchase", f"sb{number}", 1, viewer="v5", order=f"so{number}", product="p1", quantity=1, amount=amount, currency="RUB"),
    )  # fmt: skip
    market.clock.pass_time(days=1)
    market.jobs()


def pay(market: Market) -> str:
    """Draft, approve and settle what c1 can be paid; the amount."""
    ok = market.call.ok
    run = ok(
        "finance", "POST", "/v1/payout-runs", {"currency": "RUB", "provider": "manual", "creators": ["c1"]}
    )
    market.jobs()
    ok("finance2", "POST", f"/v1/payout-runs/{run['id']}/approve")
    market.jobs()
    [payout] = ok("finance", "GET", f"/v1/payouts?run={run['id']}")["data"]
    done = ok(
        "finance", "POST", f"/v1/payouts/{payout['id']}/settle", {"outcome": "paid", "reference": run["id"]}
    )
    assert done["state"] == "paid"
    return str(payout["amount"]["amount"])


def proved(market: Market) -> None:
    """The statement adds up to the pots, and the books to zero."""
    shown = statement(market)
    opening, closing = (float(shown[name]["amount"]) for name in ("opening", "closing"))
    assert round(opening + sum(float(line["amount"]["amount"]) for line in shown["lines"]), 6) == closing
    assert closing == sum(float(each) for each in pots(market)[:3])
    totals = market.call.ok("auditor", "GET", "/v1/ledger/trial-balance")["totals"]
    assert {each["amount"] for each in totals} == {"0.00"}


def test_l18_a_refund_after_the_payout_is_carried_and_the_next_payout_reduced(
    market: Market, ids: dict[str, str]
) -> None:
    ok = market.call.ok
    ok("finance2", "POST", f"/v1/payout-runs/{ids['run_draft']}/approve")
    market.jobs()
    ok("finance", "POST", f"/v1/payouts/{ids['po_draft']}/settle", {"outcome": "paid", "reference": "pp-1"})
    assert pots(market) == ("0.00", "0.00", "0.00", "100.00", "0.00")
    proved(market)

    refund = {"order": "o1", "product": "p1", "amount": "600.00", "currency": "RUB"}
    market.events(market.event("refund", "ref1", **refund))
    market.clock.pass_time(hours=2)
    market.jobs()
    assert pots(market) == ("0.00", "-60.00", "0.00", "100.00", "0.00")
    proved(market)
    nothing = market.call("finance", "POST", "/v1/payout-runs", {"currency": "RUB", "provider": "manual", "creators": ["c1"]})  # fmt: skip
    assert (nothing.status_code, nothing.json["code"]) == (409, "nothing_payable")

    sell(market, 1, "2500.00")
    assert pots(market) == ("0.00", "190.00", "0.00", "100.00", "190.00")
    assert pay(market) == "190.00"
    assert pots(market) == ("0.00", "0.00", "0.00", "290.00", "0.00")
    proved(market)

    amounts = [line["amount"]["amount"] for line in statement(market)["lines"]]
    assert {"100.00", "-60.00", "250.00", "-190.00", "-100.00"} <= set(amounts)
    rewards = ok("creator", "GET", "/v1/creators/c1/rewards")["data"]
    assert [each["amount"]["amount"] for each in rewards] == ["250.00", "-60.00", "100.00"]
    explained = ok("creator", "GET", f"/v1/rewards/{rewards[-1]['id']}/explain")
    assert (explained["original"]["amount"], explained["target"]["amount"]) == ("100.00", "40.00")


def test_l18_the_whole_refund_of_everything_ever_paid_stays_a_debt(
    market: Market, ids: dict[str, str]
) -> None:
    market.call.ok("finance2", "POST", f"/v1/payout-runs/{ids['run_draft']}/approve")
    market.jobs()
    market.call.ok(
        "finance", "POST", f"/v1/payouts/{ids['po_draft']}/settle", {"outcome": "paid", "reference": "x"}
    )
    market.events(market.event("refund", "all", order="o1", product="p1", quantity=1))
    market.clock.pass_time(days=1)
    market.jobs()
    assert pots(market)[1] == "-100.00"
    again = market.call.ok("platform", "POST", "/v1/events", {"events": [market.event("refund", "more", order="o1", product="p1", amount="0.01", currency="RUB")]})  # fmt: skip
    assert (again["rejected"], again["accepted"]) == (1, 0)
    proved(market)


def test_a_returned_payout_is_payable_again(market: Market, ids: dict[str, str]) -> None:
    ok = market.call.ok
    path = f"/v1/payouts/{ids['po_sent']}/settle"
    ok("finance", "POST", path, {"outcome": "paid", "reference": "a"})
    ok("finance", "POST", path, {"outcome": "returned", "reference": "b"})
    [pot] = ok("creator2", "GET", "/v1/creators/c2/balance")["balances"]
    assert (pot["available"], pot["paid_out"], pot["payable"]) == ("200.00", "0.00", "200.00")
    late = market.call("finance", "POST", path, {"outcome": "paid", "reference": "a"})
    assert late.status_code == 409


def test_the_register_is_what_finance_pays(market: Market, ids: dict[str, str]) -> None:
    text = market.call.ok("finance", "GET", f"/v1/payout-runs/{ids['run_sent']}/register")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert (row["creator"], row["account"]) == ("c2", "40817810000000000001")
    assert "200.00" in row.values()
    answer = market.call("finance", "GET", f"/v1/payout-runs/{ids['run_sent']}/register")
    assert answer.content_type.startswith("text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{ids["run_sent"]}.csv"'


def test_days_are_days_of_moscow(market: Market) -> None:
    """22:00 UTC belongs to the next day."""
    market.clock.now = market.clock.now.replace(hour=22)
    sell(market, 2, "1000.00")
    market.clock.now += timedelta(hours=1)
    found = market.call.ok("creator", "GET", "/v1/creators/c1/earnings?from=2026-11-04&to=2026-11-04")["data"]
    assert [each["earned"]["amount"] for each in found if each["earned"]["amount"] != "0.00"] == ["100.00"]
