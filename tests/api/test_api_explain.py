"""Explanations over HTTP: of a reward down to its payout, and of a sale that earned a creator nothing."""

from typing import Any

import pytest
from api_market import Market


def explain(market: Market, reward: str, role: str = "creator") -> Any:
    return market.call.ok(role, "GET", f"/v1/rewards/{market.ids[reward]}/explain")


def ask(market: Market, query: str, role: str = "finance", program: str = "prog") -> Any:
    return market.call.ok(role, "GET", f"/v1/programs/{program}/explain?{query}")


def test_a_reward_is_told_from_the_formula_to_the_payout(market: Market) -> None:
    told = explain(market, "reward1")
    assert (told["rule"]["amount"], told["value"], told["original"]["amount"]) == (
        "amount * 10%",
        "100",
        "100.00",
    )
    assert told["rule"]["sentence"] == "percent: `amount * 10%` for each sale."
    assert told["program"]["funding"] == {"fund": "main", "line": "l"} == told["payer"]
    assert told["inputs"]["amount"] == "1000"
    assert told["refunds"]["left"] == told["refunds"]["sold"] == {"amount": "1000.00", "currency": "RUB"}
    [line] = told["lines"]
    assert (line["id"], line["entry"], line["kind"]) == (
        market.ids["reward1"],
        market.ids["entry1"],
        "reward",
    )
    assert line["release_entry"] and line["released_at"]
    assert told["payout"]["id"] == market.ids["po_draft"]
    assert told["sentences"][-1] == (
        f"To be paid out with or after payout {market.ids['po_draft']} of 100.00 RUB, which is reserved."
    )
    market.call.ok("finance2", "POST", f"/v1/payout-runs/{market.ids['run_draft']}/approve")
    market.jobs()
    settled = {"outcome": "paid", "reference": "x"}
    market.call.ok("finance", "POST", f"/v1/payouts/{market.ids['po_draft']}/settle", settled)
    assert explain(market, "reward1")["sentences"][-1].startswith("Paid out with or after payout")


def test_what_a_refund_took_back_is_a_line_of_its_own(market: Market) -> None:
    market.events(market.event("refund", "back", order="o1", product="p1", amount="250.00", currency="RUB"))
    market.clock.pass_time(hours=2)
    market.jobs()
    rewards = market.call.ok("creator", "GET", "/v1/creators/c1/rewards")["data"]
    told = market.call.ok("creator", "GET", f"/v1/rewards/{rewards[0]['id']}/explain")
    assert [line["amount"]["amount"] for line in told["lines"]] == ["100.00", "-25.00"]
    assert (told["original"]["amount"], told["uncapped"]["amount"], told["due"]["amount"]) == (
        "100.00",
        "75.00",
        "75.00",
    )
    assert "Of the 1000.00 RUB sold, 250.00 RUB was refunded and 750.00 RUB is left." in told["sentences"]
    assert told["payout"] is None  # of what was taken back


def test_a_creator_asks_for_itself(market: Market) -> None:
    day = market.call.ok("creator", "GET", f"/v1/rewards/{market.ids['reward1']}")["day"]
    told = ask(market, f"day={day}", "creator")
    [rule] = told["rules"]
    assert (told["creator"], told["outcome"], rule["outcome"], rule["keys"][0]["key"]) == (
        "c1",
        "paid",
        "paid",
        "o1/p1/k1",
    )
    assert rule["keys"][0]["steps"]["lines"][0]["id"] == market.ids["reward1"]
    told = ask(market, "creator=c2&order=o2&product=p2")
    assert (told["outcome"], told["rules"][0]["keys"][0]["key"]) == ("paid", "o2/p2/k2")
    told = ask(market, f"creator=c1&day={day}", program="club")
    assert (told["version"], told["reason"]) == (None, "no_version")


def test_of_anothers_sale_a_creator_learns_nothing(market: Market) -> None:
    there, nowhere = (ask(market, f"order={order}&product=p2", "creator") for order in ("o2", "none"))
    assert there | {"order": None, "sentences": []} == nowhere | {"order": None, "sentences": []}
    assert (there["outcome"], there["reason"], there["rules"]) == ("nothing", "no_touch", [])
    [one], [other] = there["sentences"], nowhere["sentences"]
    assert one == other.replace("none", "o2")
    answer = market.call("finance", "GET", "/v1/programs/prog/explain?creator=c1&order=none&product=p2")
    assert answer.status_code == 404


def sale(market: Market, order: str, *touches: dict[str, Any], viewer: str = "vx") -> None:
    bought = {"order": order, "product": "p1", "quantity": 1, "amount": "10.00", "currency": "RUB"}
    market.events(*touches, market.event("purchase", f"buy{order}", 2, viewer=viewer, **bought))


def told_of(
    market: Market, order: str, creator: str, role: str = "finance"
) -> tuple[str, str | None, list[str]]:
    [rule] = ask(market, f"creator={creator}&order={order}&product=p1", role)["rules"]
    return rule["outcome"], rule["reason"], rule["sentences"]


def test_a_sale_that_another_touch_took(market: Market) -> None:
    content = {"creator": "c2", "kind": "video", "published_at": "2026-11-01T09:00:00Z", "products": ["p1"]}
    market.call.ok("platform", "PUT", "/v1/contents/k9", content)
    first = market.event("click", "cx1", 0, viewer="vx", content="k9", product="p1")
    sale(market, "ox", first, market.event("click", "cx2", 1, viewer="vx", content="k1", product="p1"))
    outcome, reason, _ = told_of(market, "ox", "c2", "creator2")
    assert (outcome, reason) == ("waiting", "not_attributed_yet")
    market.clock.pass_time(hours=2)
    market.jobs()
    assert told_of(market, "ox", "c1")[:2] == ("paid", None)
    outcome, reason, sentences = told_of(market, "ox", "c2", "creator2")
    assert (outcome, reason) == ("nothing", "other_creator")
    assert sentences == [
        "The sale was given to other contents.", "1 touch of the creator's contents was beaten by another touch.",
    ]  # fmt: skip


def test_a_sale_that_no_touch_led_to(market: Market) -> None:
    late = market.event("view", "vy1", -2880, viewer="vy", content="k1", watch_ms=9000)
    sale(market, "oy", late, viewer="vy")
    sale(market, "oz", viewer="vz")
    market.clock.pass_time(hours=2)
    market.jobs()
    outcome, reason, sentences = told_of(market, "oy", "c1", "creator")
    assert (outcome, reason) == ("nothing", "no_touch")
    assert sentences[1] == "1 touch of the creator's contents came too early or too late to count."
    outcome, reason, sentences = told_of(market, "oz", "c1")
    assert (outcome, reason) == ("nothing", "no_touch")
    assert sentences[1] == "The buyer did not view or click the creator's contents."


@pytest.mark.parametrize(
    "query", ["creator=c1", "creator=c1&month=2026-13", "creator=c1&day=1", "day=2026-11-01", "creator=c1&order=o1", "creator=c1&day=2026-11-01&x=1"],
)  # fmt: skip
def test_bad_questions_are_refused(market: Market, query: str) -> None:
    assert market.call("finance", "GET", f"/v1/programs/prog/explain?{query}").status_code == 422


def test_a_sale_in_another_currency_and_before_the_policy(market: Market) -> None:
    bought = {"order": "od", "product": "p1", "quantity": 1, "amount": "10.00", "currency": "USD"}
    click = market.event("click", "cd", 0, viewer="vd", content="k1", product="p1")
    market.events(click, market.event("purchase", "buyod", 2, viewer="vd", **bought))
    late = {"id": "late", "model": "linear", "effective_from": "2026-12-01T00:00:00Z"}
    market.call.ok("operator", "POST", "/v1/policies", late)
    program = {
        "id": "byl",
        "name": "byl",
        "currency": "RUB",
        "funding": {"fund": "main", "line": "l"},
        "open": "all",
    }
    market.call.ok("operator", "POST", "/v1/programs", program | {"policy": "late", "hold_days": 0})
    version = {"effective_from": "2026-11-01", "rules": [{"name": "x", "grain": "sale", "amount": "amount"}]}
    market.call.ok("operator", "POST", "/v1/programs/byl/versions", version)
    market.call.ok("operator", "POST", "/v1/programs/byl/versions/1/activate")
    market.clock.pass_time(hours=2)
    market.jobs()
    assert told_of(market, "od", "c1")[:2] == ("nothing", "other_currency")
    [rule] = ask(market, "creator=c1&order=o1&product=p1", program="byl")["rules"]
    assert (rule["outcome"], rule["reason"]) == ("nothing", "no_policy")
