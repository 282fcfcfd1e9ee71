"""Every check of the rewards: silent on good rows, and the only one to speak when its promise is broken by hand."""

from datetime import UTC, date, datetime

import pytest
from by_hand import FREE
from fund_world import give, line, pay_in, seller, transfer
from reward_world import START, World, rub
from sqlalchemy import Engine, text

from core.database import transaction
from jobs.checks import CHECKS as ALL
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.verify import run_checks
from rewards.checks import CHECKS


@pytest.fixture
def world(engine: Engine) -> World:
    """Two creators: the first's sale is released, the second's is pending, both have a refund; a transfer, a grant, a
    seller who pays for its own program, and rewards that an empty line cut for good."""
    world = World(engine, datetime(2026, 11, 2, 9, tzinfo=UTC))
    world.creators("c1", "c2")
    for creator in ("c1", "c2"):
        world.content(f"k{creator}", creator)
    world.fund()
    rules = [{"name": "percent", "grain": "sale", "amount": "amount * 10%"}]
    world.program(rules, hold=5)
    world.sale("o1", "kc1", START, "1000.00")
    world.run()
    world.later(days=6)
    world.run()
    line(world, "m")
    transfer(world, "l", "m", "40.00")
    give(world, "c2", "30.00", line="m")
    seller(world)
    pay_in(world, "s", "50.00")
    own = [{"name": "own", "grain": "sale", "amount": "amount * 1%"}]
    world.program(own, id="sellers", hold=5, sellers=True)
    line(world, "thin", "3.50")
    shared = [
        {
            "name": "share",
            "grain": "sale",
            "amount": "amount * if(amount < 1, 0.01%, 50%)",
            "on_shortfall": "prorate",
        }
    ]
    world.program(shared, id="cut", hold=5, line="thin")
    world.sale("o2", "kc2", date(2026, 11, 5), "700.00")
    world.sale("o3", "kc1", date(2026, 11, 4), "0.01")
    world.refund("o1", "100.00")
    world.run()
    assert world.sql("SELECT count(*) FROM reward WHERE kind = 'cut' AND entry_id IS NULL").scalar()
    return world


def found(world: World) -> list[tuple[str, str, bool]]:
    with transaction(world.engine) as session:
        return [(each.check, each.subject, each.halts) for each in run_checks(session, ALL)]


RELEASED = "release_entry_id <> entry_id"
BREAKS: list[tuple[str, str, int]] = [
    ("deposit_wrong", "UPDATE deposit SET entry_id = 999", 2),
    ("deposit_wrong", "UPDATE entry SET kind = 'other' WHERE kind = 'fund.deposit'", 1),
    ("fund_line_wrong", "UPDATE program SET line = 'other' WHERE line = 'l'", 1),
    ("transfer_wrong", "UPDATE fund_transfer SET entry_id = 999", 4),
    ("transfer_wrong", "UPDATE entry SET kind = 'other' WHERE kind = 'fund.transfer'", 2),
    ("grant_wrong", "UPDATE fund_grant SET entry_id = 999", 4),
    ("grant_wrong", "UPDATE fund_grant SET creator = 'c1'", 2),
    ("seller_deposit_wrong", "UPDATE seller_deposit SET entry_id = 999", 2),
    ("seller_balance_wrong", "UPDATE reward_target SET seller = 'other' WHERE seller IS NOT NULL", 2),
    ("reward_misplaced", "UPDATE reward SET day = day - 1 WHERE id = 1", 1),
    ("reward_posted_wrong", "UPDATE reward_target SET posted = posted + 1 WHERE id = 1", 1),
    ("reward_accrued_wrong", "UPDATE reward SET entry_id = 999 WHERE id = 1", 2),
    ("reward_released_wrong", f"UPDATE reward SET release_entry_id = 999 WHERE {RELEASED}", 2),
    ("creator_pending_wrong", "UPDATE reward SET released_at = now() WHERE released_at IS NULL", 2),
    ("reward_clamped", "UPDATE reward_target SET clamped = true WHERE id = 1", 1),
]


@pytest.mark.parametrize(("check", "statement", "count"), BREAKS)
def test_a_broken_promise_is_found_by_its_check_alone(
    world: World, owner: Engine, check: str, statement: str, count: int
) -> None:
    assert found(world) == []
    with owner.begin() as connection:
        connection.execute(text(FREE))
        assert connection.execute(text(statement)).rowcount > 0
    assert [(name, halts) for name, _, halts in found(world)] == [(check, check != "reward_clamped")] * count


def test_money_that_moved_past_the_rows_is_found_on_both_sides(world: World, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE allocation SET given = given - 1"))
    assert {name for name, *_ in found(world)} == {"fund_unallocated_wrong", "fund_line_wrong"}


def test_every_check_was_broken() -> None:
    named = {name for name, *_ in BREAKS} | {"fund_unallocated_wrong"}
    assert named == {check.name for check in CHECKS}


@pytest.mark.parametrize("kind", ["adjustment", "reversal", "other"])
def test_what_a_person_posts_explains_itself_and_nothing_else_does(world: World, kind: str) -> None:
    one = rub("1.00")
    pots = [
        accounts.fund_unallocated("main"),
        accounts.fund_line("main", "l"),
        accounts.creator("c1", "pending"),
        accounts.seller_balance("s"),
    ]
    with transaction(world.engine) as session:
        post(
            session,
            key="by hand",
            kind=kind,
            effective_on=START,
            legs=[debit(accounts.OPENING, rub("4.00")), *(credit(pot, one) for pot in pots)],
        )
    wrong = ["fund_unallocated_wrong", "fund_line_wrong", "seller_balance_wrong", "creator_pending_wrong"]
    assert [name for name, *_ in found(world)] == (wrong if kind == "other" else [])
