"""Creators' connected accounts, what they send to their banks, and sellers' top-ups."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from jobs.stripe_events import step as handle
from jobs.stripe_poll import step as poll
from ledger import accounts as codes
from ledger.balances import natural
from payouts.stripe.accounts import Account, get_account, see_account
from payouts.stripe.bank_payouts import list_bank_payouts
from payouts.stripe.client import stripe_client
from payouts.stripe.events import read_event, receive
from payouts.stripe.onboarding import Onboarding, ask_link, give_link
from payouts.stripe.top_up import TopUp, ask_checkout, get_top_up, keep_top_up, list_top_ups

URLS = {"refresh_url": "https://shop.test/again", "return_url": "https://shop.test/done"}


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    made = StripeWorld(world.engine, world.vault, world.now).at(stripe)
    with transaction(made.engine) as session:
        session.execute(text("INSERT INTO creator (id, name) VALUES ('c1', 'One'), ('c2', 'Two')"))
        session.execute(text("INSERT INTO seller (id, name) VALUES ('s1', 'Shop')"))
    return made


def onboard(market: StripeWorld, creator: str = "c1", country: str | None = None) -> Onboarding:
    link = ask_link(market.engine, market.settings, creator, country, **URLS)
    return market.do(give_link, link, market.now)


def account(market: StripeWorld, creator: str = "c1") -> Account:
    with transaction(market.engine) as session:
        return get_account(session, creator)


def told(market: StripeWorld, events: list[dict[str, Any]] | None = None) -> None:
    """Events (all of them by default) come in and are handled."""
    with transaction(market.engine) as session:
        for event in events if events is not None else market.stripe.control("events"):
            receive(session, read_event(event), event, market.settings, market.now)
    while handle(market.context):
        assert market.proved()


def polled(market: StripeWorld, after: timedelta = timedelta(hours=2)) -> None:
    market.now += after
    market.stripe.control("clock", advance=after.total_seconds())
    while any(poll(market.context).values()):
        pass
    told(market, [])


def code(act: Any, *args: Any) -> str:
    with pytest.raises(KopeckError) as caught:
        act(*args)
    return caught.value.code


def test_a_creator_has_one_account_and_as_many_links_as_it_asks_for(market: StripeWorld) -> None:
    first, again = onboard(market), onboard(market)
    assert first.account == again.account and first.url != again.url
    [made] = market.stripe.log("POST", "/v1/accounts")
    assert made["key"] == "account:c1"
    assert made["params"]["capabilities"] == {"transfers": {"requested": "true"}}
    assert "settings" not in made["params"]  # its payouts to the bank stay automatic
    assert (account(market).transfers, account(market).payouts_enabled) == ("inactive", False)
    assert onboard(market, "c2", "DE").account != first.account
    assert code(onboard, market, "nobody") == "not_found"


def test_who_dies_before_it_is_written_down_finds_the_same_account(market: StripeWorld) -> None:
    lost = ask_link(market.engine, market.settings, "c1", None, **URLS)
    kept = onboard(market)
    assert lost.account is not None and lost.account["id"] == kept.account
    assert market.do(give_link, lost, market.now).account == kept.account


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"do": "drop_after"}, "stripe_unavailable"),
        ({"do": "error_before", "cached": False}, "stripe_unavailable"),
        ({"do": "html"}, "stripe_unavailable"),
        ({"do": "rate_limit"}, "stripe_unavailable"),
        ({"do": "answer", "status": 409, "cached": False}, "idempotency_key_in_use"),
        ({"do": "answer", "status": 400, "cached": False, "error": {"message": "no"}}, "stripe_refused"),
    ],
)
def test_an_answer_that_does_not_come_leaves_no_second_account(
    market: StripeWorld, fault: dict[str, Any], said: str
) -> None:
    market.stripe.control("fault", match="POST /v1/accounts", **fault)
    assert code(onboard, market) == said
    onboard(market)
    v1 = stripe_client(market.settings).v1
    assert len(v1.accounts.list().data) == 1


def test_the_account_is_what_stripe_shows_in_whatever_order_it_tells(market: StripeWorld) -> None:
    id = onboard(market).account
    change = market.stripe.control
    change("change_account", id=id, transfers="active", payouts_enabled=True)
    change("change_account", id=id, transfers="inactive", payouts_enabled=False, disabled_reason="listed")
    events = change("events")
    assert len(events) == 4
    for number, order in enumerate(itertools.permutations(events)):
        told(market, [event | {"id": f"{event['id']}{number}"} for event in order])
        assert (account(market).transfers, account(market).disabled_reason) == ("inactive", "listed")


def test_an_older_view_never_replaces_a_newer_one(market: StripeWorld) -> None:
    id = onboard(market).account
    newer = {"id": id, "capabilities": {"transfers": "active"}, "payouts_enabled": True}
    market.do(see_account, newer, market.now + timedelta(seconds=5))
    assert market.do(see_account, {"id": id, "deleted": True}, market.now)
    assert account(market).transfers == "active" and not account(market).deleted
    assert not market.do(see_account, {"id": "acct_nobody"}, market.now)


def test_a_deleted_account_is_seen_and_has_a_successor(market: StripeWorld) -> None:
    first = onboard(market).account
    market.stripe.control("change_account", id=first, deleted=True)
    told(market)
    assert (account(market).deleted, account(market).transfers) == (True, "inactive")
    second = onboard(market)
    assert second.account != first and account(market).account == second.account
    assert not account(market).deleted


def test_polls_alone_bring_accounts_and_their_payouts(market: StripeWorld) -> None:
    id = onboard(market).account
    market.stripe.control("change_account", id=id, transfers="active", payouts_enabled=True)
    market.stripe.control("balance", currency="jpy", amount=500, account=id)
    out = market.stripe.control("payout", account=id, currency="jpy", amount=500)["id"]
    polled(market)
    assert account(market).transfers == "active"
    asked = len(market.stripe.log("GET"))
    polled(market)  # it is finished: once a day is enough
    assert len(market.stripe.log("GET")) == asked + 1
    market.stripe.control("change_payout", id=out, status="paid")
    polled(market, timedelta(days=1))
    [shown] = market.do(list_bank_payouts, "c1", 10, None)
    assert (shown.id, shown.amount, shown.state) == (out, Money.parse("500", "JPY"), "paid")


def test_an_accounts_payouts_are_shown_and_move_no_money(market: StripeWorld) -> None:
    """W6: paid, then failed; told late, twice and in the wrong order."""
    id = onboard(market).account
    market.stripe.control("balance", currency="usd", amount=900, account=id)
    out = market.stripe.control("payout", account=id, currency="usd", amount=900)["id"]
    for state in ("paid", "failed"):
        market.stripe.control("change_payout", id=out, status=state)
    entries = text("SELECT count(*) FROM entry")
    with transaction(market.engine) as session:
        before = session.scalar(entries)
    events = market.stripe.control("events")
    told(market, events[::-1])
    told(market, events)
    [shown] = market.do(list_bank_payouts, "c1", 10, None)
    assert (shown.state, shown.failure, shown.amount) == (
        "failed",
        "account_closed",
        Money.parse("9.00", "USD"),
    )
    assert market.do(list_bank_payouts, "c1", 10, (shown.arrives_at, shown.id)) == []
    assert market.do(list_bank_payouts, "c2", 10, None) == []
    with transaction(market.engine) as session:
        assert session.scalar(entries) == before


def top_up(market: StripeWorld, amount: str = "25.00", key: str = "k1") -> tuple[TopUp, str]:
    """A top-up and its session."""
    money = Money.parse(amount, "USD")
    client = stripe_client(market.settings)
    checkout = ask_checkout(client, "s1", money, key, "https://shop.test")
    made = market.do(keep_top_up, "s1", money, key, checkout, "sonya", market.now)
    return made, checkout["id"]


def balance(market: StripeWorld) -> str:
    with transaction(market.engine) as session:
        return natural(session, [codes.seller_balance("s1")], "USD")[codes.seller_balance("s1")].amount


@pytest.mark.parametrize("steps", [["pay"], ["submit", "succeed"]])
@pytest.mark.parametrize("way", ["told", "polled"])
def test_a_top_up_is_booked_once_when_it_was_paid(market: StripeWorld, steps: list[str], way: str) -> None:
    made, id = top_up(market)
    assert (made.state, balance(market)) == ("open", "0.00")
    for step in steps:
        assert balance(market) == "0.00"
        market.stripe.control("checkout", id=id, step=step)
        told(market) if way == "told" else polled(market)
    told(market)
    polled(market)
    assert balance(market) == "25.00"
    paid = market.do(get_top_up, "s1", made.id)
    assert (paid.state, paid.url) == ("paid", None)


@pytest.mark.parametrize("way", ["told", "polled"])
def test_what_was_not_paid_is_not_booked(market: StripeWorld, way: str) -> None:
    expired, first = top_up(market)
    failed, second = top_up(market, key="k2")
    market.stripe.control("checkout", id=first, step="expire")
    market.stripe.control("checkout", id=second, step="submit")
    market.stripe.control("checkout", id=second, step="fail")
    told(market) if way == "told" else polled(market)
    assert (market.do(get_top_up, "s1", expired.id).state, balance(market)) == ("expired", "0.00")
    polled(market, timedelta(days=15))
    assert market.do(get_top_up, "s1", failed.id).state == "expired"
    assert [each.state for _, each in market.do(list_top_ups, "s1", 10, None)] == ["expired", "expired"]


def test_another_amount_than_was_asked_for_is_left_to_a_person(market: StripeWorld) -> None:
    _, id = top_up(market)
    with transaction(market.engine) as session:
        session.execute(text("UPDATE top_up SET amount = 26000000"))
    market.stripe.control("checkout", id=id, step="pay")
    polled(market)
    assert (balance(market), market.findings()) == ("0.00", ["event_failed"])


def test_rubles_do_not_come_by_stripe(market: StripeWorld) -> None:
    client = stripe_client(market.settings)
    rubles = Money.parse("25.00", "RUB")
    assert code(ask_checkout, client, "s1", rubles, "k", "https://x.test") == "unsupported_currency"


def test_a_booked_top_up_without_its_row_is_found(market: StripeWorld) -> None:
    """The check can fail."""
    _, id = top_up(market)
    market.stripe.control("checkout", id=id, step="pay")
    told(market)
    with transaction(market.engine) as session:
        session.execute(text("UPDATE top_up SET amount = amount + 10000"))
    assert not market.proved()
