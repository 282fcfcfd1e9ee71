"""Why did I get nothing? Each reason comes out of real facts, in a code and in words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from explain_model import READ_ONLY, explain_all
from pool_world import PoolWorld, pool
from reward_world import World, rub
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound
from rewards.explain_story import Question, Story
from rewards.explain_zero import explain_program

D1, D2, D3 = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    made = PoolWorld(engine, datetime(2026, 11, 5, 9, tzinfo=UTC))
    made.fund()
    made.creators("a", "b")
    for each in ("a1", "b1"):
        made.content(each, each[0])
    return made


def ask(world: World, creator: str = "a", program: str = "prog", **about: Any) -> Story:
    with Session(world.engine.execution_options(**READ_ONLY)) as session:
        question = Question(creator, **about)
        return explain_program(session, program, question, world.now, world.settings)


def reason(story: Story) -> tuple[str, str | None]:
    [rule] = story.rules
    return rule.outcome, rule.reason


def words(story: Story) -> str:
    [rule] = story.rules
    return " ".join(rule.sentences)


def views(amount: str = "views", **more: Any) -> dict[str, Any]:
    return {"name": "views", "grain": "content_day", "amount": amount} | more


def test_no_version_was_in_force(world: PoolWorld) -> None:
    world.program([views()], since=D2)
    story = ask(world, day=D1)
    assert (story.version, story.outcome, story.reason) == (None, "nothing", "no_version")
    assert story.sentences == [
        "No version of program prog was in force on 2026-11-01.", "Its first one starts on 2026-11-02.",
    ]  # fmt: skip
    assert ask(world, day=D2).version == 1


def test_not_enrolled_tells_the_intervals_there_are(world: PoolWorld) -> None:
    world.program([views()], open_to="applications")
    assert words(ask(world, day=D1)).endswith("It never joined.")
    world.sql("INSERT INTO membership (program, creator, since, until) VALUES ('prog', 'a', '2026-11-02 12:00', '2026-11-02 15:00')")  # fmt: skip
    world.tally("a1", D1, views=10)
    world.tally("a1", D2, views=10)
    world.run()
    story = ask(world, day=D1)
    assert reason(story) == ("nothing", "not_enrolled")
    assert words(story) == (
        "The creator was not a member of program prog on 2026-11-01."
        " It was a member from 2026-11-02 12:00 until 2026-11-02 15:00."
    )
    assert reason(ask(world, day=D2)) == ("paid", None)


def test_a_day_that_is_not_over_has_an_estimate(world: PoolWorld) -> None:
    world.program([views()])
    today = date(2026, 11, 5)
    assert reason(ask(world, day=today)) == ("waiting", "day_not_over")
    world.tally("a1", today, views=7)
    world.run()
    story = ask(world, day=today)
    assert reason(story) == ("waiting", "day_not_over")
    assert story.rules[0].keys[0].estimate == rub("7.00")
    assert "By the figures of now it would be 7.00 RUB." in words(story)
    world.at(date(2026, 11, 6))
    assert reason(ask(world, day=today)) == ("waiting", "not_priced_yet")
    world.run()
    assert reason(ask(world, day=today)) == ("paid", None)


def test_nothing_was_counted(world: PoolWorld) -> None:
    world.program([views()])
    world.run()
    assert reason(ask(world, day=D3)) == ("nothing", "no_figures")
    assert words(ask(world, day=D3)) == "Nothing was counted for the creator's contents on 2026-11-03."


def test_a_where_that_is_not_met_is_taken_apart(world: PoolWorld) -> None:
    world.program(
        [views(where="followers >= 10000 and (views > 5 or clicks > 5) and kind in ('image', 'text')")]
    )
    world.tally("a1", D1, views=9)
    world.sql("INSERT INTO follow (creator, viewer, since) SELECT 'a', gen_random_uuid(), '2026-01-01' FROM generate_series(1, 3)")  # fmt: skip
    world.run()
    story = ask(world, day=D1)
    assert reason(story) == ("nothing", "where_not_met")
    [key] = story.rules[0].keys
    assert key.sentences[1:] == [
        "followers is 3, less than 10,000.",
        'kind is "video", not one of "image", "text".',
    ]
    assert key.where is not None and key.where["value"] == "false"
    assert key.inputs["followers"] == "3"


def test_below_a_threshold_and_a_formula_of_nothing(world: PoolWorld) -> None:
    world.program(
        [
            views("if(views >= 100, views, 0)"),
            views("clicks * 2", name="clicks"),
            views("0 - views", name="less"),
        ]
    )
    world.tally("a1", D1, views=9)
    world.run()
    story = ask(world, day=D1)
    found = {each.rule: each for each in story.rules}
    assert {name: each.reason for name, each in found.items()} == {
        "views": "below_threshold", "clicks": "formula_zero", "less": "formula_zero",
    }  # fmt: skip
    assert "views is 9, less than 100." in found["views"].sentences
    assert "So the rule gives nothing." in found["clicks"].sentences
    assert found["less"].sentences[-1] == "The formula gives -9, and less than nothing counts as nothing."
    assert ask(world, day=D1, rule="clicks").rules[0].rule == "clicks"


def test_a_cap_tells_what_used_it_up(world: PoolWorld) -> None:
    world.content("a2", "a")
    world.program([views(caps=[{"per": "creator_day", "amount": rub("10.00")}])])
    world.tally("a1", D1, views=12)
    world.tally("a2", D1, views=3)
    world.run()
    keys = {each.key: each for each in ask(world, day=D1).rules[0].keys}
    assert {name: (each.outcome, each.reason) for name, each in keys.items()} == {
        "2026-11-01/a1": ("paid", None), "2026-11-01/a2": ("nothing", "cap_reached"),
    }  # fmt: skip
    steps = keys["2026-11-01/a2"].steps
    assert steps is not None
    [cap] = steps["caps"]
    assert (cap.before, cap.before_keys, cap.passed, cap.cut) == (rub("12.00"), 1, rub("0.00"), rub("3.00"))
    assert cap.used_by == [{"key": "2026-11-01/a1", "amount": rub("12.00")}]
    assert "The rule pays at most 10.00 RUB a day for a creator." in steps["sentences"]
    assert ask(world, day=D1).outcome == "paid"
    assert reason(ask(world, day=D1, content="a2")) == ("nothing", "cap_reached")


def test_a_refunded_sale(world: PoolWorld) -> None:
    world.program([{"name": "commission", "grain": "sale", "amount": "amount * 10%"}])
    world.sale("o1", "a1", D1, "50.00")
    world.run()
    world.refund("o1", "50.00")
    world.sale("o2", "a1", D1, "20.00")
    world.refund("o2", "20.00")
    world.run()
    keys = ask(world, day=D1).rules[0].keys
    assert [(each.key, each.outcome, each.reason) for each in keys] == [
        ("o1/p/a1", "nothing", "refunded"), ("o2/p/a1", "nothing", "refunded"),
    ]  # fmt: skip
    assert "So 0.00 RUB is left of the reward of 5.00 RUB." in keys[0].sentences
    assert "Of the 20.00 RUB sold, 20.00 RUB was refunded and 0.00 RUB is left." in keys[1].sentences


def test_a_line_that_is_short(engine: Engine) -> None:
    world = PoolWorld(engine, datetime(2026, 11, 5, 9, tzinfo=UTC))
    world.fund(line="10.00")
    world.creators("a")
    world.content("a1", "a")
    world.content("a2", "a")
    world.program([views()])
    world.tally("a1", D1, views=8)
    world.tally("a2", D1, views=5)
    world.run()
    story = ask(world, day=D1)
    assert [(each.outcome, each.reason) for each in story.rules[0].keys] == [
        ("paid", None),
        ("waiting", "line_short"),
    ]
    assert (
        "There is no money left of line l of fund main; it is paid when there is."
        in story.rules[0].keys[1].sentences
    )
    assert "3.00 RUB waits for money of line l of fund main." in story.rules[0].keys[1].sentences


def test_all_of_it_was_cut(engine: Engine) -> None:
    world = PoolWorld(engine, datetime(2026, 11, 5, 9, tzinfo=UTC))
    world.fund(line="0.01")
    world.creators("a", "b")
    world.content("a1", "a")
    world.content("b1", "b")
    world.program([views("0.000001 * views", on_shortfall="prorate")])
    world.tally("a1", D1, views=1)
    world.tally("b1", D1, views=1_000_000)
    world.run()
    story = ask(world, day=D1)
    assert reason(story) == ("nothing", "prorated")
    assert words(story).startswith("The line fell short, and all of it was cut.")
    assert ask(world, "b", day=D1).outcome == "paid"


def test_other_rules_say_how_they_are_asked_about(world: PoolWorld) -> None:
    month = {"name": "month", "grain": "creator_month", "amount": "views"}
    world.program([views(), month, pool("9.00", per="month", name="stars")])
    story = ask(world, day=D1)
    assert [each.rule for each in story.rules] == ["views"]
    assert story.other_rules == [{"rule": "month", "ask_for": "month"}, {"rule": "stars", "ask_for": "month"}]
    story = ask(world, month=D1)
    assert {each.rule: each.reason for each in story.rules} == {
        "month": "day_not_over",
        "stars": "pool_not_final",
    }
    world.tally("a1", D1, views=4)
    world.at(date(2026, 12, 2))
    world.run()
    month_story = ask(world, month=D1, rule="month").rules[0]
    assert (month_story.outcome, month_story.keys[0].key) == ("paid", "2026-11/a")
    assert "creator_month" in {each["rule"]["grain"] for each in explain_all(world.engine, world.settings)}
    assert ask(world, day=D1, rule="stars").reason == "no_rule"


def test_rate_protection_tells_what_is_compared(world: PoolWorld) -> None:
    sale = {"name": "commission", "grain": "sale"}
    world.now = datetime(2026, 10, 20, tzinfo=UTC)
    world.program([sale | {"amount": "amount * 10%"}], since=date(2026, 10, 1), rate_protection_days=30)
    world.version([sale | {"amount": "amount * 4%"}], D1)
    world.sale("o0", "a1", date(2026, 10, 30), "10.00")
    world.sale("o1", "a1", D1, "100.00")
    world.sale("o2", "b1", D1, "100.00")
    world.now = datetime(2026, 11, 5, 9, tzinfo=UTC)
    world.run()
    [protection] = ask(world, day=D1, rule="rate_protection").rules
    assert (protection.outcome, protection.reason) == ("paid", None)
    steps = protection.keys[0].steps
    assert steps is not None and steps["protection"].missing == rub("6.00")
    assert "By version 1 the creator would have 10.00 RUB for 2026-11-01." in protection.sentences
    assert "By the version in force it has 4.00 RUB, so 6.00 RUB is made good." in protection.sentences
    [other] = ask(world, "b", day=D1, rule="rate_protection").rules
    assert (other.outcome, other.reason) == ("nothing", "not_protected")
    [calm] = ask(world, day=D2, rule="rate_protection").rules
    assert (calm.outcome, calm.reason) == ("nothing", "nothing_lost")


@pytest.mark.parametrize(
    "about",
    [{}, {"day": D1, "month": D1}, {"order": "o1"}, {"day": D1, "order": "o1", "product": "p"}],
)
def test_one_thing_is_asked_about(world: PoolWorld, about: dict[str, Any]) -> None:
    world.program([views()])
    with pytest.raises(Invalid):
        ask(world, **about)


@pytest.mark.parametrize(
    "about", [{"creator": "nobody"}, {"content": "b1"}, {"rule": "none"}, {"program": "none"}]
)
def test_what_does_not_exist(world: PoolWorld, about: dict[str, Any]) -> None:
    world.program([views()])
    with pytest.raises(NotFound):
        ask(world, **({"day": D1} | about))


def test_sellers_pay_and_one_has_nothing_left(world: PoolWorld) -> None:
    world.sql("INSERT INTO seller (id, name) VALUES ('s', 's')")
    world.program([{"name": "commission", "grain": "sale", "amount": "amount * 10%"}], sellers=True)
    world.sale("o1", "a1", D1, "50.00")
    world.run()
    story = ask(world, day=D1)
    assert reason(story) == ("waiting", "line_short")
    assert "There is no money left of seller s; it is paid when there is." in story.rules[0].sentences
    steps = story.rules[0].keys[0].steps
    assert steps is not None and (steps["payer"], steps["waiting"]) == ({"seller": "s"}, rub("5.00"))


def test_what_is_owed_is_posted_with_the_next_run(world: PoolWorld) -> None:
    world.program([views()])
    world.tally("a1", D1, views=3)
    world.in_()
    assert reason(ask(world, day=D1)) == ("waiting", "not_posted_yet")
    world.run()
    world.tally("a1", D1, views=4)
    steps = ask(world, day=D1).rules[0].keys[0].steps
    assert steps is not None and steps["changed"]
    told = "The figures have changed since it was priced: by now the rule gives 7.00 RUB instead of 3.00 RUB."
    assert told in steps["sentences"]
