"""A bounty from its draft to its end: every balance after every step."""

from datetime import date, timedelta

from bounty_world import SETTINGS, World, rub, terms

from bounties.close import cancel_bounty, close_bounty
from bounties.dispute import dispute_claim, resolve_claim
from bounties.draft import draft_bounty, edit_bounty
from bounties.fees import set_fee
from bounties.open import open_bounty
from bounties.review import approve_claim, reject_claim, request_changes
from bounties.submit import submit_content
from bounties.take import claim_slot, withdraw_claim


def balances(world: World, bounty: object) -> tuple[str, ...]:
    """Seller, escrow, fees, and the creators."""
    creators = (world.creator(each) for each in ("c1", "c2", "c3"))
    return (world.seller(), world.escrow(bounty), world.fees(), *creators)  # type: ignore[arg-type]


def test_three_claims_one_approved_one_by_silence_one_split_then_the_bonus(world: World) -> None:
    today = world.now.date()
    world.do(set_fee, today + timedelta(days=1), 50_000, rub("100.00"), "Faina", today, world.now)
    world.pass_time(days=1)
    bonus = {
        "bonus_formula": "graduated(views, 100: 0.50, 1)",
        "bonus_days": 7,
        "bonus_max": rub("500.00").micros,
    }
    bounty = world.opened(**bonus)
    assert bounty.fee == rub("250.00")
    assert balances(world, bounty) == ("2750.00", "17250.00", "0.00", "0.00", "0.00", "0.00")

    first, _, third = (world.submitted(bounty, each) for each in ("c1", "c2", "c3"))
    assert world.refused(claim_slot, bounty.id, "c4", "c4", world.now) == "no_slot_free"
    world.do(approve_claim, first, "s1", "Sonya", world.now, SETTINGS)
    assert balances(world, bounty) == ("2750.00", "12000.00", "250.00", "5000.00", "0.00", "0.00")
    world.do(reject_claim, third, "s1", "not my kettle", "Sonya", world.now, SETTINGS)
    world.do(dispute_claim, third, "c3", "it is", "c3", world.now)
    world.pass_time(hours=72)
    assert balances(world, bounty) == ("2750.00", "6750.00", "500.00", "5000.00", "5000.00", "0.00")
    world.do(resolve_claim, third, "split", rub("2000.00"), "half of it", "Olga", world.now, SETTINGS)
    assert balances(world, bounty) == ("6400.00", "1000.00", "600.00", "5000.00", "5000.00", "2000.00")

    closed = world.do(close_bounty, bounty.id, "s1", world.now, SETTINGS)
    assert (closed.state, closed.escrow.held) == ("closed", rub("1000.00"))
    for content, views in (("k1", 300), ("k2", 2000)):
        day = world.now.date() + timedelta(days=1)
        world.sql(
            "INSERT INTO tally_content_day (content, day, views) VALUES (:k, :d, :n)",
            k=content,
            d=day,
            n=views,
        )
    world.pass_time(days=6)
    assert world.look(bounty).state == "closed"
    world.pass_time(days=3)
    ended = world.look(bounty)
    assert (ended.state, ended.escrow.held, ended.escrow.funded) == ("settled", rub("0.00"), rub("17250.00"))
    # 300 views: 100 at 0.50 and 200 at 1, in all 250.00; 2,000 views are worth more than the most.
    assert balances(world, bounty) == ("6650.00", "0.00", "600.00", "5250.00", "5500.00", "2000.00")


def test_opening_takes_all_or_says_what_is_missing(world: World) -> None:
    made = world.do(draft_bounty, "s1", terms(world.now, slots=5), world.now, SETTINGS)
    assert world.refused(open_bounty, made.id, "s1", world.now, SETTINGS) == "not_enough_money"
    assert world.seller() == "20000.00"
    world.do(edit_bounty, made.id, "s1", {"slots": 4}, world.now, SETTINGS)
    world.do(open_bounty, made.id, "s1", world.now, SETTINGS)
    assert world.seller() == "0.00"
    assert world.refused(open_bounty, made.id, "s1", world.now, SETTINGS) == "bounty_open"
    assert world.refused(edit_bounty, made.id, "s1", {"slots": 5}, world.now, SETTINGS) == "not_enough_money"
    world.do(edit_bounty, made.id, "s1", {"price": rub("1000.00").micros}, world.now, SETTINGS)
    assert world.seller() == "16000.00"
    world.claimed(made, "c1")
    assert world.refused(edit_bounty, made.id, "s1", {"title": "x"}, world.now, SETTINGS) == "bounty_claimed"
    assert world.refused(edit_bounty, made.id, "s1", {"slots": 3}, world.now, SETTINGS) == "bounty_claimed"
    world.do(edit_bounty, made.id, "s1", {"slots": 6}, world.now, SETTINGS)
    assert (world.seller(), world.escrow(made)) == ("14000.00", "6000.00")
    assert world.refused(cancel_bounty, made.id, "s1", world.now, SETTINGS) == "bounty_claimed"


def test_what_is_not_handed_in_expires_and_the_slot_is_free_again(world: World) -> None:
    bounty = world.opened(slots=1)
    world.claimed(bounty, "c1")
    assert world.refused(claim_slot, bounty.id, "c2", "c2", world.now) == "no_slot_free"
    world.pass_time(hours=48)
    claim = world.submitted(bounty, "c2")
    world.do(request_changes, claim, "s1", "brighter", "Sonya", world.now)
    world.do(submit_content, claim, "c2", world.content("c2"), None, "c2", world.now)
    assert world.refused(request_changes, claim, "s1", "more", "Sonya", world.now) == "no_rounds_left"
    world.do(reject_claim, claim, "s1", "no", "Sonya", world.now, SETTINGS)
    world.pass_time(hours=72)
    assert world.refused(dispute_claim, claim, "c2", "late", "c2", world.now) == "too_late"
    again = world.claimed(bounty, "c1")
    world.do(withdraw_claim, again, "c1", "c1", world.now, SETTINGS)
    gone = world.do(cancel_bounty, bounty.id, "s1", world.now, SETTINGS)
    assert (gone.state, world.seller(), world.escrow(bounty)) == ("cancelled", "20000.00", "0.00")


def test_at_its_deadline_it_closes_and_ends_when_its_claims_have(world: World) -> None:
    bounty = world.opened(opens_at=None, deadline=world.now + timedelta(days=1), slots=4)
    world.claimed(bounty, "c1")
    claim = world.submitted(bounty, "c2")
    world.pass_time(days=1)
    assert (world.look(bounty).state, world.seller(), world.escrow(bounty)) == (
        "closed",
        "10000.00",
        "10000.00",
    )
    world.pass_time(days=1)
    assert (world.seller(), world.escrow(bounty)) == ("15000.00", "5000.00")
    world.do(approve_claim, claim, "s1", "Sonya", world.now, SETTINGS)
    assert (world.look(bounty).state, world.creator("c2"), world.escrow(bounty)) == (
        "settled",
        "5000.00",
        "0.00",
    )


def test_it_opens_at_its_time_or_says_why_not(world: World) -> None:
    at = world.now + timedelta(hours=1)
    one = world.do(draft_bounty, "s1", terms(world.now, opens_at=at), world.now, SETTINGS)
    two = world.do(draft_bounty, "s1", terms(world.now, opens_at=at), world.now, SETTINGS)
    world.pass_time(hours=1)
    assert world.look(one).state == "open"
    left = world.look(two)
    assert (left.state, left.opens_at) == ("draft", None) and "is missing" in str(left.problem)


def test_days_of_the_bonus_are_whole_days_after_the_approval(world: World) -> None:
    bounty = world.opened(bonus_formula="views", bonus_days=2, bonus_max=rub("10.00").micros)
    claim = world.submitted(bounty, "c1")
    done = world.do(approve_claim, claim, "s1", "Sonya", world.now, SETTINGS)
    assert (done.bonus.since, done.bonus.until) == (date(2026, 11, 3), date(2026, 11, 4))
