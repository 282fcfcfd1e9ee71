"""Programs as they are made: who pays, who may join, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from reward_world import World
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Conflict, Invalid
from rewards.programs import NewProgram, Program, change_joining, create_program, list_programs

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
BY_LINE = {"fund": "main", "line": "l"}


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.fund()
    return made


def make(world: World, **fields: Any) -> Program:
    given = {"id": "prog", "name": "Programme", "currency": "RUB", "open": "applications"} | fields
    with transaction(world.engine) as session:
        return create_program(session, NewProgram(**given))


def refused(world: World, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as caught:
        make(world, **fields)
    return caught.value.code, caught.value.pointer


def test_a_program_is_shown_as_it_was_given(world: World) -> None:
    made = make(world, **BY_LINE, regions=["RU-MOW", "RU-SPE"], min_followers=1000, rollout_percent=5,
                terms="2026-11", rate_protection_days=30, hold_days=3)  # fmt: skip
    assert made.funding == {"fund": "main", "line": "l"}
    assert made.eligibility == {"regions": ["RU-MOW", "RU-SPE"], "min_followers": 1000, "rollout_percent": 5}
    assert (made.terms, made.rate_protection_days, made.hold_days) == ("2026-11", 30, 3)
    with transaction(world.engine) as session:
        assert list_programs(session, 10, None) == [made]


def test_sellers_may_pay_in_any_known_currency(world: World) -> None:
    made = make(world, currency="KZT", open="all")
    assert made.funding == {"seller": True}
    assert set(made.eligibility.values()) == {None}
    assert refused(world, id="other", currency="ABC") == ("unknown_currency", "/currency")


IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    ({"fund": "main", "line": "none"}, "unknown_reference", "/funding"),
    ({"fund": "none", "line": "l"}, "unknown_reference", "/funding"),
    (BY_LINE | {"currency": "USD"}, "wrong_currency", "/currency"),
    (BY_LINE | {"policy": "none"}, "unknown_reference", "/policy"),
    (BY_LINE | {"open": "all", "regions": ["RU"]}, "eligibility_needs_enrolment", "/eligibility"),
    (BY_LINE | {"open": "all", "min_followers": 0}, "eligibility_needs_enrolment", "/eligibility"),
    (BY_LINE | {"open": "all", "rollout_percent": 100}, "eligibility_needs_enrolment", "/eligibility"),
    (BY_LINE | {"open": "all", "terms": "v1"}, "eligibility_needs_enrolment", "/terms"),
]


def test_an_impossible_program_is_refused(world: World) -> None:
    for given, code, pointer in IMPOSSIBLE:
        assert refused(world, **given) == (code, pointer), given


def test_an_id_stands_once(world: World) -> None:
    make(world, **BY_LINE)
    with pytest.raises(Conflict) as caught:
        make(world, open="all")
    assert caught.value.code == "program_exists"


def test_who_may_join_can_be_set_anew_and_nothing_else(world: World) -> None:
    made = make(world, **BY_LINE, rollout_percent=5, terms="1", hold_days=3)
    anew = {"regions": ["RU-MOW"], "min_followers": None, "rollout_percent": 20, "terms": "2"}
    with transaction(world.engine) as session:
        changed = change_joining(session, "prog", **anew)  # type: ignore[arg-type]
    assert changed == replace(made, **anew)  # type: ignore[arg-type]
    make(world, **BY_LINE, id="all", open="all")
    with pytest.raises(Invalid, match="without joining"), transaction(world.engine) as session:
        change_joining(session, "all", **anew)  # type: ignore[arg-type]
