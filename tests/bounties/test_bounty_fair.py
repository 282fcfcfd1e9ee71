"""Neither side is cheated by an edit, a late job, a busy market or a product that went to somebody else."""

from datetime import timedelta

import pytest
from bounty_world import SETTINGS, World, rub, terms
from sqlalchemy.orm import Session

from bounties.draft import draft_bounty, edit_bounty
from bounties.eligible import refuse_ineligible
from bounties.open import open_bounty
from bounties.review import approve_claim, reject_claim, request_changes
from bounties.take import claim_slot


def test_a_claim_is_never_under_terms_that_were_edited_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the claim the price is cut to a hundredth."""
    bounty = world.opened(slots=2)

    def edited(session: Session, row: object, creator: str) -> None:
        refuse_ineligible(session, row, creator)
        changes = {"price": rub("50.00").micros}
        world.do(edit_bounty, bounty.id, "s1", changes, world.now + timedelta(seconds=1), SETTINGS)

    with monkeypatch.context() as patch:
        patch.setattr("bounties.take.refuse_ineligible", edited)
        assert world.refused(claim_slot, bounty.id, "c1", "c1", world.now) == "bounty_changed"
    assert world.claimed(bounty, "c1")


def test_what_opened_at_its_time_can_have_more_slots(world: World) -> None:
    given = terms(world.now, opens_at=world.now + timedelta(hours=1), slots=1)
    made = world.do(draft_bounty, "s1", given, world.now, SETTINGS)
    world.pass_time(hours=2)
    assert world.do(edit_bounty, made.id, "s1", {"slots": 2}, world.now, SETTINGS).slots == 2
    later = {"opens_at": world.now + timedelta(hours=1)}
    assert world.refused(edit_bounty, made.id, "s1", later, world.now, SETTINGS) == "bounty_open"


def test_a_late_job_gives_the_seller_no_more_time_to_refuse(world: World) -> None:
    bounty = world.opened(slots=2)
    one, two = (world.submitted(bounty, each) for each in ("c1", "c2"))
    world.now += timedelta(hours=72)
    assert world.refused(reject_claim, one, "s1", "late", "Sonya", world.now, SETTINGS) == "review_over"
    assert world.refused(request_changes, one, "s1", "late", "Sonya", world.now) == "review_over"
    world.do(approve_claim, two, "s1", "Sonya", world.now, SETTINGS)
    world.pass_time(hours=0)
    assert (world.creator("c1"), world.creator("c2")) == ("5000.00", "5000.00")


def test_a_product_that_went_to_another_seller(world: World) -> None:
    """Nothing opens and nobody claims any more; who has claimed goes on and is paid."""
    bounty = world.opened(slots=2)
    claim = world.submitted(bounty, "c1")
    draft = world.do(draft_bounty, "s1", terms(world.now), world.now, SETTINGS)
    world.sql("UPDATE product SET seller = 's2' WHERE id = 'p1'")
    assert world.refused(claim_slot, bounty.id, "c2", "c2", world.now) == "product_gone"
    assert world.refused(open_bounty, draft.id, "s1", world.now, SETTINGS) == "product_gone"
    world.do(approve_claim, claim, "s1", "Sonya", world.now, SETTINGS)
    assert world.creator("c1") == "5000.00"


def test_a_bonus_does_not_wait_for_a_market_that_never_rests(world: World) -> None:
    """Only batches that came before its days were final can hold something of them."""
    bounty = world.opened(bonus_formula="views", bonus_days=1, bonus_max=rub("10.00").micros, slots=1)
    claim = world.submitted(bounty, "c1")
    world.do(approve_claim, claim, "s1", "Sonya", world.now, SETTINGS)
    # Moscow's day of the approval is the 2nd, its bonus day the 3rd, final with the 4th.
    early, late = "2026-11-04 23:59+03", "2026-11-05 00:00+03"
    for received in (early, late):
        world.sql(
            "INSERT INTO event_batch (source, received_at) VALUES ('x', CAST(:at AS timestamptz))",
            at=received,
        )
    world.sql("INSERT INTO tally_content_day (content, day, views) VALUES ('k1', '2026-11-03', 7)")
    world.pass_time(days=5)
    assert world.creator("c1") == "5000.00"
    world.sql(
        "UPDATE event_batch SET tallied_at = now() WHERE received_at < CAST(:at AS timestamptz)", at=late
    )
    world.pass_time(days=0)
    assert world.creator("c1") == "5007.00"
