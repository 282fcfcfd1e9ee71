"""What an attacker or an auditor would try at payouts: payees that change under way, decisions that pay twice."""

from datetime import timedelta

import pytest
from payout_world import World
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.people import same_person
from jobs.reconcile import step as reconciled
from payouts.cancel import cancel_payout
from payouts.hold import release_payout
from payouts.hold_creator import hold_creator, release_creator
from payouts.payee import hold_payee, put_payee, release_payee
from payouts.resolve import resolve


@pytest.fixture
def market(world: World, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


@pytest.mark.parametrize("how", ["payee", "program", "creator"])
def test_what_is_unknown_is_not_sent_again_to_whom_somebody_holds(market: StripeWorld, how: str) -> None:
    """Stripe was down, nothing was executed; meanwhile finance holds the payee. It is looked up, and waits."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    status = "UPDATE creator SET status = :to WHERE id = 'c1'"
    if how == "payee":
        market.do(hold_payee, "c1", "stolen password", "vera")
    elif how == "program":
        market.do(hold_creator, "c1", "program:p", "fraud", "olga", market.now)
    else:
        market.do(lambda session: session.execute(text(status), {"to": "suspended"}))
    assert market.look_up() == {"unknown": 1}
    assert (market.states(run), len(market.posts())) == (["unknown"], 1)
    market.do(release_payee, "c1", "vera")
    market.do(release_creator, "c1", "program:p", market.now)
    market.do(lambda session: session.execute(text(status), {"to": "active"}))
    assert market.look_up() == {"confirmed": 1}
    assert (market.states(run), len(market.stripe.transfers())) == (["paid"], 1)


def test_what_is_unknown_is_not_sent_again_to_where_nobody_wants_it(market: StripeWorld) -> None:
    """P21: the destination changed after the first call: to neither, until a person decides."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    new = {"account": market.stripe.account()}
    changed = {"tax_status": "company", "method": "stripe", "destination": new, "person": "c1"}
    market.do(put_payee, market.vault, "c1", **changed, now=market.now)
    market.look_up()
    market.look_up(timedelta(hours=25))
    payout = market.one(run)
    assert (payout.state, market.stripe.transfers()) == ("unknown", [])
    market.do(resolve, payout.id, "not_sent", None, "asked Stripe", "boris", market.now)
    assert market.refused(release_payout, payout.id, "boris") == "payee_changed"
    market.do(cancel_payout, payout.id, "boris", market.now)
    assert market.dollars("c1") == ("10.00", "0.00", "0.00")


def test_a_transfer_found_is_adopted_whoever_is_held(market: StripeWorld) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_after")
    market.send()
    market.do(hold_payee, "c1", "stolen password", "vera")
    assert market.look_up() == {"confirmed": 1}
    assert market.states(run) == ["paid"]


def test_nobody_is_paid_to_an_account_that_cannot_pay_out(market: StripeWorld) -> None:
    """P20: payouts_enabled is false."""
    market.known_account("c1", market.paid_by_stripe("c1"), payouts_enabled=False)
    run = market.approved()
    market.send()
    payout = market.one(run)
    assert (payout.state, market.posts()) == ("held", [])
    assert payout.hold_reason is not None and payout.hold_reason.startswith("stripe_account_no_payouts: ")


@pytest.mark.parametrize(
    "other", [" Boris", "BORIS", "bo\u200bris", "b\u00adoris", "boris\u2060", "ｂｏｒｉｓ", "\u202eboris"]
)
def test_one_person_under_two_spellings_is_one(other: str) -> None:
    assert same_person("boris", other)


def test_one_transfer_pays_one_payout(market: StripeWorld) -> None:
    """A person names the transfer of another payout: refused; and in rows that say so all the same, it is found."""
    market.crowd(2)
    run = market.approved()
    market.stripe.fault("drop_before", where={"transfer_group": market.payouts(run)[1].id})
    market.send()
    market.look_up(timedelta(hours=25))
    [one, two] = market.payouts(run)
    assert (one.state, two.state) == ("paid", "unknown")
    named = (resolve, two.id, "sent", one.reference, "seen there", "boris", market.now)
    assert market.refused(*named) == "transfer_of_another"
    market.do(resolve, two.id, "sent", "tr_other", "seen there", "boris", market.now)
    with transaction(market.engine) as session:
        session.execute(text("UPDATE payout SET reference = :same"), {"same": one.reference})
    market.now += timedelta(days=1)
    assert reconciled(market.context)["differences"] == 1
    assert market.findings() == ["paid_here_not_there"]
