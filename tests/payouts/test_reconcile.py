"""Our books beside Stripe's transfers: everything that can differ is found and named."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from reconcile_world import Books
from sqlalchemy import text

from core.database import transaction
from payouts.stripe.client import stripe_client

CENT = 10_000


def test_what_agrees_has_no_difference(books: Books) -> None:
    assert books.compare(books.transfers) == {}
    line = books.dollars()
    assert (line.ledger, line.provider, line.bank) == (
        line.provider,
        line.ledger,
        replace(line.ledger, micros=0),
    )
    assert (line.ledger.amount, line.in_transit.amount, line.open, line.complete) == (
        "102.00",
        "0.00",
        0,
        True,
    )


def test_paid_here_and_not_there(books: Books) -> None:
    assert books.compare(books.transfers[1:]) == {books.payouts[0].id: "paid_here_not_there 10.50 USD"}
    line = books.dollars()
    assert line.provider is not None
    assert (line.ledger - line.provider).amount == line.amount.amount == "10.50"


def test_paid_there_and_not_here(books: Books) -> None:
    """By somebody in Stripe's dashboard, or for a payout that is not paid here: both are told of."""
    strange = replace(
        books.transfers[0], id="tr_strange", group="order 'x'\t\\1\n", created_at=books.world.now
    )
    books.world.paid_by_stripe("c9", "7.00")
    books.world.stripe.fault("drop_after")
    run = books.world.approved(["c9"])
    books.world.send()
    [unknown] = books.world.payouts(run)
    assert unknown.state == "unknown"
    late = replace(
        books.transfers[0], id="tr_late", group=unknown.id, amount=7_000_000, created_at=books.world.now
    )
    assert books.compare([*books.transfers, strange, late], timedelta(minutes=14)) == {}
    assert books.compare([*books.transfers, strange, late], timedelta(minutes=2)) == {
        "tr_strange": "paid_there_not_here 10.50 USD",
        unknown.id: "paid_there_not_here 7.00 USD",
    }


def test_twice_there(books: Books) -> None:
    again = replace(books.transfers[2], id="tr_again", created_at=books.world.now)
    assert books.compare([*books.transfers, again]) == {books.payouts[2].id: "twice_there 30.50 USD"}
    assert books.compare([*books.transfers, replace(again, reversed=again.amount)]) == {}
    assert books.compare([*books.transfers, replace(again, reversed=CENT)]) == {
        books.payouts[2].id: "twice_there 30.49 USD"
    }


def test_another_transfer_than_ours(books: Books) -> None:
    other = books.changed(3, id="tr_other")
    assert books.compare(other) in (
        {books.payouts[3].id: "twice_there 40.50 USD"},
        {books.payouts[3].id: "paid_here_not_there 40.50 USD"},
    )
    assert {each.kind for each in books.open()} == {"twice_there", "paid_here_not_there"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"amount": 20_510_000}, "differs 0.01 USD"),
        ({"amount": 20_000_000}, "differs -0.50 USD"),
        ({"currency": "EUR"}, "differs 20.50 USD"),
        ({"reversed": 500_000}, "reversed_there_not_here 0.50 USD"),
        ({"reversed": 20_500_000}, "reversed_there_not_here 20.50 USD"),
    ],
)
def test_one_that_is_not_what_we_think(books: Books, values: dict[str, Any], said: str) -> None:
    assert books.compare(books.changed(1, **values)) == {books.payouts[1].id: said}
    assert books.compare(books.transfers) == {}


def test_what_nobody_heard_of_is_told_when_it_is_old(books: Books) -> None:
    world = books.world
    world.paid_by_stripe("c9", "7.00")
    world.stripe.fault("drop_before", times=None)
    run = world.approved(["c9"])
    world.send()
    [payout] = world.payouts(run)
    assert books.compare(books.transfers, timedelta(hours=19)) == {}
    assert books.compare(books.transfers, timedelta(hours=2)) == {payout.id: "unknown_too_old 7.00 USD"}
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payout SET state = 'sending' WHERE state = 'unknown'"))
    assert books.compare(books.transfers, timedelta(hours=4)) == {payout.id: "sent_too_long 7.00 USD"}
    world.stripe.control("clear_faults")


def test_what_a_look_up_did_not_adopt_is_told_once_under_its_own_name(books: Books) -> None:
    """An unknown payout whose transfer has another amount: the look-up and the comparison mean the same difference."""
    world = books.world
    account = world.paid_by_stripe("c9", "7.00")
    world.stripe.fault("drop_before", times=None)
    run = world.approved(["c9"])
    world.send()
    world.stripe.control("clear_faults")
    payout = world.one(run)
    made = {"amount": 701, "currency": "usd", "destination": account, "transfer_group": payout.id}
    stripe_client(world.settings).v1.transfers.create(made)  # type: ignore[arg-type]
    world.look_up(timedelta(minutes=1))
    assert world.findings() == ["differs"]
    late = replace(books.transfers[0], id="tr_late", group=payout.id, amount=7_010_000)
    assert books.compare([*books.transfers, late]) == {payout.id: "differs 7.01 USD"}
    [difference] = books.open()
    assert difference.resolved_at is None


def test_two_transfers_of_an_unknown_payout_add_up(books: Books) -> None:
    world = books.world
    world.paid_by_stripe("c9", "7.00")
    world.stripe.fault("drop_before", times=None)
    payout = world.one(world.approved(["c9"]))
    world.send()
    world.stripe.control("clear_faults")
    both = [replace(books.transfers[0], id=f"tr_{n}", group=payout.id, amount=7_000_000) for n in "ab"]
    books.compare([*books.transfers, *both])
    assert {each.kind: each.amount.amount for each in books.open()} == {
        "paid_there_not_here": "7.00",
        "twice_there": "7.00",
    }
