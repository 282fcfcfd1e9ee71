"""A backtest of what was in force finds what pricing really found: by rule, creator and day, to the last micro."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pool_world import PoolWorld, pool
from reward_market import DAY, SETTINGS, Market
from reward_world import START, rub
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from test_reward_oracle import FIRST, Story

from core.database import transaction
from rewards.backtest import Trial, backtest
from rewards.trial import NEW, OLD

_REALLY = text(
    "SELECT r.name, t.creator, t.day, sum(t.target) AS amount, sum(t.uncapped) AS uncapped FROM reward_target t"
    " JOIN rule r ON r.id = t.rule_id JOIN program_version v ON v.id = r.version_id"
    " WHERE v.program = :program AND NOT t.shadow AND r.name <> 'rate_protection' AND t.uncapped <> 0 AND t.day <= :until"
    " AND CASE WHEN r.grain = 'creator_month' OR r.pool_per = 'month' THEN date_trunc('month', t.day)::date ELSE t.day END >= :since"
    " GROUP BY 1, 2, 3"
)
_TRIED = text(
    "SELECT rule, creator, day, sum(amount) AS amount, sum(uncapped) AS uncapped FROM trial WHERE side = :side GROUP BY 1, 2, 3"
)
Sums = dict[tuple[str, str, date], tuple[int, int]]


def _sums(session: Session, statement: Any, **asked: Any) -> Sums:
    rows = session.execute(statement, asked)
    return {tuple(row[:3]): (int(row.amount), int(row.uncapped)) for row in rows}  # type: ignore[misc]


def _compare(engine: Engine, side: int, trial: Trial, now: datetime) -> int:
    """How many sums were the same."""
    with transaction(engine) as session:
        found = backtest(session, trial, "op", now, SETTINGS)
        have = _sums(session, _TRIED, side=side)
        want = _sums(session, _REALLY, program=trial.program, since=trial.since, until=trial.until)
        differ = {
            k: (have.get(k), want.get(k)) for k in have.keys() | want.keys() if have.get(k) != want.get(k)
        }
        assert not differ, (trial, differ)
        _told(found.result, side, want)
    return len(want)


def _told(result: dict[str, Any], side: int, want: Sums) -> None:
    name = ("old", "new")[side]
    for part, place in (("days", 2), ("rules", 0)):
        sums: dict[str, int] = {}
        for key, (amount, _) in want.items():
            sums[str(key[place])] = sums.get(str(key[place]), 0) + amount
        told = {each[part[:-1]]: rub(each[name]).micros for each in result[part]}
        assert {key: amount for key, amount in told.items() if amount} == {k: v for k, v in sums.items() if v}
    deciles = sum(rub(each[name]).micros for each in result["deciles"])
    assert deciles == sum(amount for amount, _ in want.values()) == rub(result["cost"][name]).micros


@pytest.mark.parametrize("seed", range(2))
def test_what_was_in_force_over_any_days_is_found_again(engine: Engine, seed: int) -> None:
    """Random rules of all grains with `where` and caps, versions, members, sellers, refunds, reattributions, late facts."""
    story = Story(engine, 20261200 + seed)
    for _ in range(60):
        story.step()
    market = story.market
    market.later(days=40)
    market.settle()
    same = sum(
        _all_days(market, each) + _some_days(story, each) + _versions(market, each) for each in _known(market)
    )
    assert same > 10


def _known(market: Market) -> list[str]:
    """Programs of roubles in which somebody could earn."""
    joined = {program for program, *_ in market.facts.members}
    return [
        id
        for id, each in market.programs.items()
        if each.currency == "RUB" and (each.open_to_all or id in joined)
    ]


def _all_days(market: Market, program: str) -> int:
    return _compare(
        market.engine, OLD, Trial(program, FIRST - 3 * DAY, market.today - DAY, version=1), market.now
    )


def _some_days(story: Story, program: str) -> int:
    """From within a month, whose caps had part of it spent before."""
    since = FIRST + story.chance.randrange(8) * DAY
    until = since + story.chance.randrange(1, 12) * DAY
    return _compare(story.market.engine, OLD, Trial(program, since, until, version=1), story.market.now)


def _versions(market: Market, program: str) -> int:
    """A version on its own days, tried as if it were new: its caps begin with it, as they did."""
    known, same = market.programs[program], 0
    for number, (since, _) in enumerate(known.versions):
        until = min(known.until(number), market.today) - DAY
        same += _compare(market.engine, NEW, Trial(program, since, until, version=number + 1), market.now)
    return same


def test_pools_are_split_in_a_backtest_as_they_were(engine: Engine) -> None:
    world = PoolWorld(engine, datetime(2026, 11, 1, 12, tzinfo=UTC))
    world.creators(*"abcd")
    for content, creator in {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "d1": "d"}.items():
        world.content(content, creator)
    world.sql("INSERT INTO seller (id, name) VALUES ('s', 'S')")
    world.sql("INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'P', 'home', 1, 'RUB')")  # fmt: skip
    world.fund()
    capped = [{"per": "program_month", "amount": rub("11.00")}, {"per": "creator_day", "amount": rub("1.50")}]
    world.program(
        [
            pool("7.00", "day", "views / 3", "creator_day", name="daily", caps=capped),
            pool("100.00", "month", "views + 7 * clicks", "creator_month", top=3, name="stars"),
            pool("9.99", "month", "views - 5", "content_day", top=11, name="shows", where="clicks > 0"),
            pool("3.00", "day", "amount", "sale", name="sold", top=1),
            pool("5.00", "day", "clicks * 0.7", "product_day", name="clicked"),
        ]
    )
    world.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    world.version(
        [pool("4.00", "day", "views * views", "content_day", name="daily", caps=capped[:1])],
        date(2026, 12, 10),
    )
    world.sql(
        "INSERT INTO tally_content_day (content, day, views) SELECT c, :d + n, n * 7 % 13"
        " FROM unnest(ARRAY['a1', 'a2', 'b1', 'c1', 'd1']) c, generate_series(0, 49) n WHERE (n + ascii(c)) % 3 > 0", d=START,
    )  # fmt: skip
    world.sql(
        "INSERT INTO tally_product_day (content, product, day, clicks) SELECT content, 'p', day, views % 4 FROM tally_content_day"
    )
    world.sql(
        "INSERT INTO changed_day (day, creator, content) SELECT day, left(content, 1), content FROM tally_content_day"
    )
    for number in range(0, 50, 2):
        amount = f"{number * 13 % 29 + 1}.37"
        world.sale(f"o{number}", ("a1", "c1", "d1")[number % 3], START + number * DAY, amount)
        if number % 4 == 0:
            world.refund(f"o{number}", "0.77" if number % 8 else amount)
    world.final(date(2027, 1, 31))
    world.in_()
    assert world.split() > 80
    last = date(2026, 12, 31)
    assert _compare(engine, OLD, Trial("prog", START, last, version=1), world.now) > 200
    assert _compare(engine, OLD, Trial("prog", START + 4 * DAY, last - DAY, version=1), world.now) > 150
    assert _compare(engine, NEW, Trial("prog", START, date(2026, 12, 9), version=1), world.now) > 150
    assert _compare(engine, NEW, Trial("prog", date(2026, 12, 10), last, version=2), world.now) > 20
