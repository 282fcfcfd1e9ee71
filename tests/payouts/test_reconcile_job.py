"""What becomes of differences: their age, who resolves them, what they stop, and when the job looks."""

from datetime import datetime, timedelta

import pytest
from reconcile_world import Books
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Unavailable
from core.secrets import Vault
from core.settings import load_settings
from jobs.job import Context
from jobs.reconcile import step
from payouts.approve import approve_run
from payouts.differences import (
    list_differences,
    refuse_if_differs,
    resolve_difference,
    stopped_currencies,
)
from payouts.reconcile import compare_since
from payouts.reconcile_read import summary
from payouts.reconcile_stripe import list_transfers
from payouts.send import send_manual
from payouts.stripe.client import stripe_client


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
    assert books.compare(more, timedelta(days=1)) == {books.payouts[0].id: "differs -10.499999 USD"}


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
