"""Somebody against time, 200 times each: a verb and the job that looks at the same moment; one wins, none is lost."""

from datetime import timedelta

import pytest
from bounty_many import ROUNDS, Race, call, claims, creators, drafts, later, opened, public, seen, submitted
from bounty_world import SETTINGS, World, rub

from bounties.close import close_bounty, close_due
from bounties.dispute import dispute_claim
from bounties.find import find_bounty
from bounties.open import open_bounty, open_due
from bounties.overdue import approve_by_silence, end_rejections, expire_claims
from bounties.review import approve_claim
from bounties.submit import submit_content
from bounties.take import withdraw_claim
from core.database import transaction
from rewards.seller_money import deposit_of_seller

pytestmark = pytest.mark.slow


def test_approve_against_silence(world: World, race: Race) -> None:
    row, ids, _ = submitted(world, ROUNDS)
    due = later(6000, world)
    rounds = [
        race.run(
            call(approve_claim, id, "s1", "Sonya", due(n), SETTINGS),
            call(approve_by_silence, due(n), SETTINGS),
        )
        for n, id in enumerate(ids)
    ]
    assert set(seen(rounds)) <= {("done", "0"), ("claim_approved", "1")}
    with transaction(world.engine) as session:
        assert find_bounty(session, public(row)).released == rub("2200.00").micros


def test_dispute_against_the_end_of_a_rejection(world: World, race: Race) -> None:
    [row] = opened(world, 1, slots=ROUNDS)
    who, due = creators(world, ROUNDS), later(60, world)
    ids = claims(world, [row], who, "rejected", due)
    rounds = [
        race.run(
            call(dispute_claim, id, who[n], "it is", who[n], due(n) - timedelta(seconds=1)),
            call(end_rejections, due(n), SETTINGS),
        )
        for n, id in enumerate(ids)
    ]
    assert set(seen(rounds)) <= {("done", "0"), ("too_late", "1")}


def test_open_by_hand_against_its_time(world: World, race: Race) -> None:
    at = world.now + timedelta(minutes=1)
    rounds = [
        race.run(
            call(open_bounty, public(row), "s1", at, SETTINGS),
            call(open_due, row.id, at, SETTINGS),
        )
        for row in drafts(world, ROUNDS, opens_at=at)
    ]
    assert set(seen(rounds)) <= {("done", "False"), ("bounty_open", "True")}
    assert world.seller() == "14000.00"


def test_close_by_hand_against_the_deadline(world: World, race: Race) -> None:
    due = later(60, world)
    rounds = [
        race.run(
            call(close_bounty, public(row), "s1", due(n), SETTINGS),
            call(close_due, due(n), SETTINGS),
        )
        for n, row in enumerate(opened(world, ROUNDS, deadline=due))
    ]
    assert set(seen(rounds)) <= {("done", "0"), ("bounty_settled", "1")}
    assert world.seller() == "20000.00"


def test_sellers_in_any_order(world: World, race: Race) -> None:
    """Deadlines and expiries of two sellers' bounties, in the opposite order: nobody waits in a ring."""
    with transaction(world.engine) as session:
        deposit_of_seller(session, "s2", rub("9000.00"), None, "Faina", world.now, SETTINGS)
    who, due = creators(world, 2 * ROUNDS), later(60, world)
    ending = opened(world, 2 * ROUNDS, sellers=("s1", "s2"), slots=1, deadline=lambda n: due(n // 2))
    other = opened(world, 2 * ROUNDS, sellers=("s2", "s1"), slots=1)
    claims(world, other, who, "claimed", lambda n: due(n // 2))
    world.sql("UPDATE bounty SET state = 'closed' WHERE id >= :first", first=other[0].id)
    rounds = [
        race.run(
            call(close_due, due(n), SETTINGS),
            call(expire_claims, due(n), SETTINGS),
        )
        for n in range(ROUNDS)
    ]
    assert seen(rounds) == {("2", "2"): ROUNDS}
    assert len(ending) == len(other)


def test_expiry_against_who_gives_it_back(world: World, race: Race) -> None:
    """L17: of a closed bounty, by time or by hand: the exact amount returns once."""
    rows, who, due = opened(world, ROUNDS, slots=1), creators(world, ROUNDS), later(60, world)
    ids = claims(world, rows, who, "claimed", due)
    world.sql("UPDATE bounty SET state = 'closed'")
    rounds = []
    for n, id in enumerate(ids):
        rounds.append(
            race.run(
                call(withdraw_claim, id, who[n], who[n], due(n), SETTINGS),
                call(expire_claims, due(n), SETTINGS),
            )
        )
        assert world.seller() == f"{20000 - 11 * ROUNDS + 11 * (n + 1)}.00"
    assert set(seen(rounds)) <= {("done", "0"), ("claim_expired", "1")}


def test_expiry_against_who_hands_in(world: World, race: Race) -> None:
    [row] = opened(world, 1, slots=ROUNDS)
    who, due = creators(world, ROUNDS), later(60, world)
    ids = claims(world, [row], who, "claimed", due)
    rounds = [
        race.run(
            call(submit_content, id, who[n], f"k-{who[n]}", None, who[n], due(n) - timedelta(seconds=1)),
            call(expire_claims, due(n), SETTINGS),
        )
        for n, id in enumerate(ids)
    ]
    assert set(seen(rounds)) <= {("done", "0"), ("claim_expired", "1")}
