"""Two people at once, 200 times each: one wins, the other one is told so, and escrow holds what it must after every round."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from bounty_many import (
    ROUNDS,
    Race,
    call,
    claims,
    creators,
    drafts,
    later,
    opened,
    public,
    seen,
    submitted,
    word,
)
from bounty_world import SETTINGS, World, rub

from bounties.close import cancel_bounty, close_bounty
from bounties.dispute import dispute_claim
from bounties.draft import edit_bounty
from bounties.open import open_bounty
from bounties.review import approve_claim
from bounties.take import claim_slot, withdraw_claim
from bounties.withdrawals import request_withdrawal, settle_withdrawal
from core.database import transaction

pytestmark = pytest.mark.slow


def test_approve_against_cancel(world: World, race: Race) -> None:
    row, ids, _ = submitted(world, ROUNDS)
    now = world.now
    rounds = [
        race.run(
            call(approve_claim, id, "s1", "Sonya", now, SETTINGS),
            call(cancel_bounty, public(row), "s1", now, SETTINGS),
        )
        for id in ids
    ]
    assert seen(rounds) == {("done", "bounty_claimed"): ROUNDS}


def test_claim_against_cancel(world: World, race: Race) -> None:
    who, now, soon = creators(world, ROUNDS), world.now, world.now + timedelta(seconds=1)
    rounds = [
        race.run(
            call(claim_slot, public(row), creator, creator, now),
            call(cancel_bounty, public(row), "s1", soon, SETTINGS),
        )
        for row, creator in zip(opened(world, ROUNDS), who, strict=True)
    ]
    wins = seen(rounds)
    assert set(wins) <= {("done", "bounty_claimed"), ("bounty_changed", "done"), ("bounty_cancelled", "done")}
    assert min(wins["done", "bounty_claimed"], ROUNDS - wins["done", "bounty_claimed"]) > 0


def test_withdraw_against_approve(world: World, race: Race) -> None:
    _, ids, who = submitted(world, ROUNDS)
    now = world.now
    rounds = [
        race.run(
            call(withdraw_claim, id, creator, creator, now, SETTINGS),
            call(approve_claim, id, "s1", "Sonya", now, SETTINGS),
        )
        for id, creator in zip(ids, who, strict=True)
    ]
    assert set(seen(rounds)) <= {("done", "claim_withdrawn"), ("claim_approved", "done")}


def test_dispute_against_close(world: World, race: Race) -> None:
    """Both may: what is disputed keeps its money."""
    rows = opened(world, ROUNDS, slots=2)
    who, now = creators(world, ROUNDS), world.now
    ids = claims(world, rows, who, "rejected", later(60, world))
    rounds = [
        race.run(
            call(dispute_claim, id, creator, "it is", creator, now),
            call(close_bounty, public(row), "s1", now, SETTINGS),
        )
        for id, creator, row in zip(ids, who, rows, strict=True)
    ]
    assert seen(rounds) == {("done", "done"): ROUNDS}
    assert {each[1].escrow.held.amount for each in rounds} == {"11.00"}


def test_the_last_slot_claimed_by_two(world: World, race: Race) -> None:
    creators(world, 2)
    now = world.now
    rounds = [
        race.run(*(call(claim_slot, public(row), each, each, now) for each in ("m0001", "m0002")))
        for row in opened(world, ROUNDS, slots=1)
    ]
    assert {tuple(sorted(each)) for each in seen(rounds)} == {("done", "no_slot_free")}


def test_one_creator_claims_twice(world: World, race: Race) -> None:
    [row] = opened(world, 1, slots=2 * ROUNDS)
    now = world.now
    rounds = [
        race.run(*[call(claim_slot, public(row), creator, creator, now)] * 2)
        for creator in creators(world, ROUNDS)
    ]
    assert {tuple(sorted(each)) for each in seen(rounds)} == {("already_claimed", "done")}


def test_open_twice(world: World, race: Race) -> None:
    now = world.now
    rounds = [
        race.run(*[call(open_bounty, public(row), "s1", now, SETTINGS)] * 2) for row in drafts(world, ROUNDS)
    ]
    assert {tuple(sorted(each)) for each in seen(rounds)} == {("bounty_open", "done")}
    assert world.seller() == "14000.00"


def test_more_slots_against_a_claim(world: World, race: Race) -> None:
    [row] = opened(world, 1, slots=1)
    now = world.now

    def edit(session: Any, slots: int, at: Any) -> Any:
        return edit_bounty(session, public(row), "s1", {"slots": slots}, at, SETTINGS)

    rounds = [
        race.run(
            call(edit, n + 2, now + timedelta(seconds=n + 1)),
            call(claim_slot, public(row), creator, creator, now),
        )
        for n, creator in enumerate(creators(world, ROUNDS))
    ]
    assert set(seen(rounds)) <= {("done", "done"), ("done", "bounty_changed")}


def test_two_withdrawals_of_the_same_money(world: World, race: Race) -> None:
    now = world.now

    def ask(session: Any) -> Any:
        return request_withdrawal(session, "s1", rub("20000.00"), "Anna", now, SETTINGS)

    for _ in range(ROUNDS):
        answers = race.run(ask, ask)
        [won] = [each for each in answers if not isinstance(each, str)]
        assert "not_enough_money" in answers
        with transaction(world.engine) as session:
            settle_withdrawal(session, won.id, "failed", "no", "Boris", now, SETTINGS)
    assert world.seller() == "20000.00"


def test_twenty_approve_one_claim(world: World, race: Race) -> None:
    """L15: one release, nineteen refusals."""
    _, ids, who = submitted(world, 10)
    crowd, now = Race(world, 20), world.now
    for id, creator in zip(ids, who, strict=True):
        answers = crowd.run(*[call(approve_claim, id, "s1", "Sonya", now, SETTINGS)] * 20)
        assert Counter(map(word, answers)) == {"done": 1, "claim_approved": 19}
        assert world.creator(creator) == "10.00"
    crowd.pool.shutdown()
