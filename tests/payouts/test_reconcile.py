"""Our books beside Stripe's transfers: everything that can differ is found, named, aged, and stops what it must stop."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.errors import Unavailable
from core.secrets import Vault
from core.settings import load_settings
from jobs.job import Context
from jobs.reconcile import step
from payouts.approve import approve_run
from payouts.differences import (
    Difference,
    list_differences,
    refuse_if_differs,
    resolve_difference,
    stopped_currencies,
)
from payouts.reconcile import compare_since, reconcile
from payouts.reconcile_read import CurrencySummary, summary
from payouts.reconcile_stripe import Transfer, list_transfers, spool
from payouts.send import send_manual
from payouts.store import Payout
from payouts.stripe.client import stripe_client

CENT = 10_000


@dataclass
class Books:
    """Four payouts that Stripe paid, and its transfers as they are; a test changes what is seen of them."""

    world: StripeWorld
    payouts: list[Payout]
    transfers: list[Transfer]

    def compare(
        self, transfers: list[Transfer] | None, pass_time: timedelta = timedelta(hours=1)
    ) -> dict[str, str]:
        """Kind and amount of what is open afterwards, by subject."""
        self.world.now += pass_time
        now = self.world.now
        with transaction(self.world.engine) as session:
            since = compare_since(session, now)
        held = None if transfers is None else spool(iter(transfers))
        self.world.do(reconcile, held, since, now, now)
        if held is not None:
            held.close()
        return {each.subject: f"{each.kind} {each.amount}" for each in self.open()}

    def open(self) -> list[Difference]:
        with transaction(self.world.engine) as session:
            return [each for _, each in list_differences(session, self.world.now)]

    def dollars(self) -> CurrencySummary:
        with transaction(self.world.engine) as session:
            [line] = summary(session).currencies
        return line

    def changed(self, at: int, **values: Any) -> list[Transfer]:
        return [replace(each, **values) if n == at else each for n, each in enumerate(self.transfers)]


@pytest.fixture
def books(engine: Engine, vault: Vault, now: datetime, stripe: StripeStandin) -> Iterator[Books]:
    world = StripeWorld(engine, vault, now).at(stripe)
    for n in range(4):
        world.paid_by_stripe(f"c{n}", f"{n + 1}0.50")
    run = world.approved()
    world.send()
    paid = world.payouts(run)
    assert [each.state for each in paid] == ["paid"] * 4
    seen = list(list_transfers(stripe_client(world.settings), now - timedelta(days=90)))
    transfers = sorted(seen, key=lambda each: each.amount)
    assert [each.id for each in transfers] == [each.reference for each in paid]
    return Books(world, paid, transfers)


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
        ({"amount": 20_510_000}, "amount_differs 0.01 USD"),
        ({"amount": 20_000_000}, "amount_differs -0.50 USD"),
        ({"currency": "EUR"}, "amount_differs 20.50 USD"),
        ({"reversed": 500_000}, "reversed_there_not_here 0.50 USD"),
        ({"reversed": 20_500_000}, "reversed_there_not_here 20.50 USD"),
    ],
)
def test_one_that_is_not_what_we_think(books: Books, values: dict[str, Any], said: str) -> None:
    assert books.compare(books.changed(1, **values)) == {books.payouts[1].id: said}
    assert books.compare(books.transfers) == {}


def test_a_difference_has_an_age_and_ends_by_itself(books: Books) -> None:
    books.compare(books.transfers[1:])
    [first] = books.open()
    books.compare(books.transfers[1:], timedelta(days=3))
    [same] = books.open()
    assert (same.id, same.found_at, same.age_days, same.seen_at) == (
        first.id,
        first.found_at,
        3,
        books.world.now,
    )
    assert books.compare(None, timedelta(days=1)) != {}  # Stripe did not answer: nothing is known of it
    assert not books.dollars().complete
    assert books.compare(books.transfers) == {}
    with transaction(books.world.engine) as session:
        [(_, over)] = list_differences(session, books.world.now, state="resolved")
    assert (over.id, over.resolved_by, over.reason) == (first.id, None, "gone by itself")


def test_what_a_person_resolved_stays_so_while_it_is_the_same(books: Books) -> None:
    books.compare(books.transfers[1:])
    [found] = books.open()
    done = books.world.do(resolve_difference, found.id, "paid by card", "anna", books.world.now)
    assert (done.resolved_by, done.reason) == ("anna", "paid by card")
    assert (
        books.world.refused(resolve_difference, found.id, "x", "anna", books.world.now) == "already_resolved"
    )
    assert (
        books.world.refused(resolve_difference, found.id[:-1] + "0", "x", "anna", books.world.now)
        == "not_found"
    )
    assert books.compare(books.transfers[1:], timedelta(days=1)) == {}
    more = books.changed(0, amount=1)
    assert books.compare(more, timedelta(days=1)) == {books.payouts[0].id: "amount_differs -10.499999 USD"}


def test_an_old_difference_is_looked_for_where_it_is(books: Books) -> None:
    books.compare(books.transfers[1:])
    books.world.now += timedelta(days=200)
    with transaction(books.world.engine) as session:
        since = compare_since(session, books.world.now)
    assert since < books.transfers[0].created_at
    assert books.compare(books.transfers[1:]) != {}


def test_an_open_difference_stops_its_currency_alone(books: Books) -> None:
    world = books.world
    books.compare(books.transfers[1:])
    with transaction(world.engine) as session:
        assert stopped_currencies(session, 10) == {"USD"}
        assert stopped_currencies(session, 11) == set()
        refuse_if_differs(session, "RUB", 0)
        refuse_if_differs(session, "USD", 11)
        with pytest.raises(Unavailable) as refused:
            refuse_if_differs(session, "USD", 10)
    assert refused.value.code == "reconciliation_open" and "paid_here_not_there" in refused.value.detail
    world.creator("r1", "5.00")
    world.creator("d1")
    world.earn("d1", "5.00", "USD")
    for currency in ("USD", "RUB"):
        world.request(["r1", "d1"], currency=currency)
        run = world.draft()
        assert run is not None
        world.do(approve_run, run.id, "boris", world.now)
    assert world.do(send_manual, world.now).run.currency == "RUB"
    assert world.refused(send_manual, world.now) == "reconciliation_open"
    [found] = books.open()
    world.do(resolve_difference, found.id, "known", "anna", world.now)
    assert world.do(send_manual, world.now).run.currency == "USD"
    assert world.do(send_manual, world.now) is None


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


def test_the_job_compares_once_a_day_and_after_a_statement(books: Books) -> None:
    world = books.world
    world.now += timedelta(minutes=20)
    assert step(world.context) == {"runs": 1, "differences": 0, "new": 0, "over": 0}
    assert step(world.context) == {}
    world.now += timedelta(days=1)
    assert step(world.context)["runs"] == 1
    assert step(world.context) == {}
    with transaction(world.engine) as session:
        session.execute(
            text(
                "INSERT INTO bank_statement (format, account, currency, since, until, sha256, imported_by)"
                " VALUES ('1c', '40702', 'RUB', '2026-11-01', '2026-11-01', '', 'anna')"
            )
        )
    assert step(world.context)["runs"] == 1
    assert step(world.context) == {}


def test_without_an_answer_the_rest_is_compared_and_stripe_asked_again(books: Books) -> None:
    world = books.world
    world.now += timedelta(minutes=20)
    world.stripe.fault("error_before", match="GET /v1/transfers", times=1, status=500)
    with pytest.raises(Unavailable, match="Stripe"):
        step(world.context)
    assert not books.dollars().complete and books.dollars().provider is None
    assert step(world.context)["runs"] == 1
    assert books.dollars().complete and books.dollars().provider == books.dollars().ledger


def test_pages_are_read_to_the_end(books: Books) -> None:
    world = books.world
    account = world.stripe.account()
    client = stripe_client(world.settings)
    for n in range(105):
        made = {"amount": 100 + n, "currency": "usd", "destination": account, "transfer_group": f"g{n}"}
        client.v1.transfers.create(made)  # type: ignore[arg-type]
    seen = list(list_transfers(client, world.now - timedelta(days=1)))
    assert len({each.id for each in seen}) == len(seen) == 109


def test_with_nothing_to_compare_it_is_done_too(engine: Engine, vault: Vault, now: datetime) -> None:
    context = Context(engine, load_settings({}), vault, lambda: now)
    assert step(context)["runs"] == 1
    assert step(context) == {}
    with transaction(engine) as session:
        assert summary(session).as_of == now and summary(session).currencies == []
