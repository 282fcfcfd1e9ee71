"""Whatever happens, every reward explains itself, and what it says adds up to what was posted."""

from datetime import UTC, date, datetime
from typing import Any

from explain_model import explain_all
from reward_market import SETTINGS, Market, OracleRule
from sqlalchemy import Engine
from test_reward_oracle import Story


def test_every_rewards_explanation_adds_up(engine: Engine) -> None:
    story = Story(engine, 20261130)
    for _ in range(110):
        story.step()
    assert explain_all(engine, SETTINGS)  # also while facts wait to be priced and prices to be posted
    story.market.later(days=40)
    story.market.settle()
    found = explain_all(engine, SETTINGS)
    assert not any(each["changed"] for each in found)
    assert {name for each in found for name in steps_of(each)} == {
        "refunded", "given to others", "capped", "protected", "taken back", "seller", "where",
    }  # fmt: skip
    assert len({each["rule"]["grain"] for each in found}) >= 4


def steps_of(told: dict[str, Any]) -> set[str]:
    """What this one has to explain."""
    refunds = told["refunds"]
    there = {
        "refunded": refunds and refunds.stands and refunds.sold != refunds.left,
        "given to others": refunds and not refunds.stands,
        "capped": any(cap.cut.micros for cap in told["caps"]),
        "protected": told["protection"],
        "taken back": any(line["amount"].micros < 0 for line in told["lines"]),
        "seller": "seller" in told["payer"] and told["protection"] is None,
        "where": told["where"],
    }
    return {name for name, here in there.items() if here}


def test_a_cut_is_told_with_its_line_and_what_a_lower_target_bears_of_it(engine: Engine) -> None:
    market, day = Market(engine, datetime(2026, 12, 4, 9, tzinfo=UTC)), date(2026, 12, 1)
    market.creator("a")
    market.content("a1", "a", datetime(2026, 11, 1, 9, tzinfo=UTC))
    market.fund("main", "RUB", l="40.00")
    market.program("prog", "main/l")
    market.version("prog", day, OracleRule(0, "views", "content_day", "views", None, (), "prorate"))
    market.tally("a1", day, 80)
    market.settle()
    told = explain_all(engine, SETTINGS)[0]
    assert [(line["kind"], line["amount"].amount) for line in told["lines"]] == [
        ("reward", "80.00"),
        ("cut", "-40.00"),
    ]
    said = "The line could not pay all that the rule owed, so 40.00 RUB of 80.00 RUB was cut for good."
    assert said in told["sentences"]
    market.tally("a1", day, -40)
    assert explain_all(engine, SETTINGS)[0]["changed"]
    market.settle()
    told = explain_all(engine, SETTINGS)[0]
    assert [told[name].amount for name in ("target", "cut", "cut_borne", "due")] == [
        "40.00",
        "40.00",
        "20.00",
        "20.00",
    ]
    assert "What is owed is less by now and bears 20.00 RUB of that cut." in told["sentences"]
