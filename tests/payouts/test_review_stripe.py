"""What an attacker or an auditor would try at Stripe: odd amounts, odd answers, what nobody may keep."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from babel.numbers import list_currencies
from payout_world import World
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.money import Money
from jobs.send_stripe import step as send
from jobs.stripe_events import step as handle
from jobs.stripe_poll import step as poll
from payouts.ask_back import ask_back
from payouts.attempt import Work
from payouts.attempts import plan_attempts
from payouts.claim import claim_ready
from payouts.providers import step_of
from payouts.record import record
from payouts.stripe.bank_payouts import list_bank_payouts, see_bank_payout
from payouts.stripe.client import stripe_client
from payouts.stripe.events import parse_event, receive
from payouts.stripe.top_up import MOST_OPEN, require_room
from payouts.stripe.transfer import deliver
from payouts.stripe.units import from_units, to_units


@pytest.fixture
def market(world: World, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


@pytest.mark.parametrize(("currency", "part"), [("HUF", "0.50"), ("KWD", "1.005")])
def test_a_part_that_stripe_does_not_have_is_refused_at_once(
    market: StripeWorld, currency: str, part: str
) -> None:
    """Once asked for it could never be carried out, and stopped all looking up."""
    market.paid_by_stripe("c1")
    market.earn("c1", "1000", currency)
    market.stripe.control("balance", currency=currency.lower(), amount=10_000_000)
    run = market.approved(currency=currency)
    market.send()
    back = (ask_back, market.one(run).id, Money.parse(part, currency), "by mistake", "anna", market.now)
    assert market.refused(*back) == "not_sendable"
    assert market.look_up() == {}


def test_no_currency_loses_anything_in_stripes_units() -> None:
    """What can be drafted can be said in Stripe's whole units, in every currency there is."""
    for currency in set(list_currencies()) - {"RUB"}:
        money = Money(step_of("stripe", currency) * 12_345, currency)
        assert from_units(to_units(money), currency) == money


def claimed(market: StripeWorld) -> Work:
    market.do(plan_attempts, market.now)
    [work] = market.do(claim_ready, market.vault, market.now, 1)
    return work


def test_a_reversal_told_while_a_worker_records_is_credited(market: StripeWorld) -> None:
    """The worker's answer is older than the event; its money must not be lost between them."""
    market.paid_by_stripe("c1")
    market.approved()
    work = claimed(market)
    client = stripe_client(market.settings)
    outcome = deliver(client, work)
    client.v1.transfers.reversals.create(outcome.reference, {"amount": 300})
    with transaction(market.engine) as session:
        for event in market.stripe.control("events"):
            receive(session, *parse_event(json.dumps(event).encode()), market.settings, market.now)
    handle(market.context)
    assert market.do(record, work, outcome, market.now) == "confirmed"
    market.now += timedelta(hours=1)
    while handle(market.context):
        pass
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Somebody who answers everything with 200 and this."""

    class Handler(BaseHTTPRequestHandler):
        def _say(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _say

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ODD = (
    b'{"object": "list", "data": [null, 3], "has_more": false}',
    b'{"object": "list", "data": {"id": "tr_1"}}',
    b'{"object": "transfer", "id": "tr_1", "amount": "1000"}',
    b'{"object": "list", "data": [{"object": "transfer", "id": 7}]}',
    b"[]",
    b"null",
    b'"x"',
)


def test_an_odd_answer_is_an_outcome(market: StripeWorld) -> None:
    """To a look and to a call alike: nothing is raised, nothing is taken for a refusal."""
    market.paid_by_stripe("c1")
    market.approved()
    work = claimed(market)
    for body in ODD:
        with answering(body) as base:
            client = stripe_client(replace(market.settings, stripe_api_base=base))
            for look_first in (True, False):
                outcome = deliver(client, replace(work, look_first=look_first))
                assert outcome.kind in ("unknown", "mismatch")


def test_one_that_cannot_be_recorded_does_not_stop_the_others(market: StripeWorld) -> None:
    """More was taken back than was sent, says the answer: the books refuse it, and the round goes on."""
    account = market.paid_by_stripe("c1")
    payout = market.one(market.approved())
    shown = {"object": "transfer", "id": "tr_1", "amount": 1000, "currency": "usd", "destination": account}
    shown |= {"transfer_group": payout.id, "amount_reversed": 1001}
    with answering(json.dumps(shown).encode()) as base:
        odd = replace(market.context, settings=replace(market.settings, stripe_api_base=base))
        assert send(odd) == {"unrecorded": 1, "runs": 1, "planned": 1}
    assert market.dollars("c1") == ("0.00", "10.00", "0.00")
    assert market.look_up() == {"confirmed": 1}


def test_a_session_that_stripe_does_not_show_holds_up_nobody(market: StripeWorld) -> None:
    """Made with another key, say: the poll goes on to the next ones."""
    old = market.now - timedelta(hours=1)
    with transaction(market.engine) as session:
        session.execute(text("INSERT INTO seller (id, name) VALUES ('s1', 'Shop')"))
        session.execute(
            text(
                "INSERT INTO top_up (seller, amount, currency, key, session, asked_by, created_at)"
                " VALUES ('s1', 1000000, 'USD', 'k', 'cs_gone', 'anna', :old)"
            ),
            {"old": old},
        )
    while any(poll(market.context).values()):
        pass


def test_an_account_that_stripe_does_not_show_takes_its_turn_after_the_others(market: StripeWorld) -> None:
    market.known_account("c1", market.paid_by_stripe("c1"))
    market.stripe.fault("answer", match="GET /v1/payouts", status=400, times=None,
                        error={"type": "invalid_request_error", "code": "x", "message": "no"})  # fmt: skip
    while any(poll(market.context).values()):
        pass
    with transaction(market.engine) as session:
        assert session.scalar(text("SELECT seen_at FROM stripe_account")) == market.now


def test_a_payout_in_a_currency_that_nobody_knows_hides_no_others(market: StripeWorld) -> None:
    account = market.paid_by_stripe("c1")
    market.known_account("c1", account)
    shown = {
        "amount": 100,
        "status": "paid",
        "arrival_date": int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()),
    }
    for id, currency in (("po_1", "usdc"), ("po_2", "usd")):
        market.do(see_bank_payout, account, shown | {"id": id, "currency": currency}, market.now)
    with transaction(market.engine) as session:
        assert [each.id for each in list_bank_payouts(session, "c1", 10, None)] == ["po_2"]


def test_a_seller_has_so_many_links_at_once(market: StripeWorld) -> None:
    """Each open one is a call to Stripe at every poll, at the rate that payouts share."""
    with transaction(market.engine) as session:
        session.execute(text("INSERT INTO seller (id, name) VALUES ('s1', 'Shop'), ('s2', 'Other')"))
        session.execute(
            text(
                "INSERT INTO top_up (seller, amount, currency, key, session, asked_by)"
                " SELECT 's1', 1000000, 'USD', 'k' || i, 'cs_' || i, 'anna' FROM generate_series(1, :most) i"
            ),
            {"most": MOST_OPEN},
        )
    assert market.refused(require_room, "s1") == "too_many_open"
    market.do(require_room, "s2")
    market.do(lambda session: session.execute(text("UPDATE top_up SET state = 'expired' WHERE key = 'k1'")))
    market.do(require_room, "s1")


def test_of_an_event_no_data_of_people_is_kept(market: StripeWorld) -> None:
    """Stripe's events of accounts hold names, dates of birth, ends of bank accounts; we need to know which account."""
    person = {"first_name": "Zoe", "dob": {"year": 1990}, "ssn_last_4_provided": True}
    account = {"id": "acct_1", "object": "account", "individual": person, "email": "zoe@example.org"}
    head = {"id": "evt_1", "object": "event", "type": "account.updated", "account": "acct_1"}
    told = head | {"created": 1, "livemode": False, "request": {"id": "req_1"}, "data": {"object": account}}
    with transaction(market.engine) as session:
        assert receive(session, *parse_event(json.dumps(told).encode()), market.settings, market.now)
        kept = session.scalar(text("SELECT payload FROM provider_event"))
    named = {"data": {"object": {"id": "acct_1", "object": "account"}}}
    assert kept == head | {"created": 1, "livemode": False} | named
