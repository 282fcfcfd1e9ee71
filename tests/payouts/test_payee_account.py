"""The Stripe account of a payee: what we know to be wrong is refused before anybody vouches for it."""

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from payouts.payee import Payee, get_payee, put_payee, verify_payee


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    made = StripeWorld(world.engine, world.vault, world.now).at(stripe)
    with transaction(made.engine) as session:
        session.execute(text("INSERT INTO creator (id, name) VALUES ('c1', 'One'), ('c2', 'Two')"))
    return made


def wants(market: StripeWorld, account: str, method: str = "stripe") -> Payee:
    asked = {"tax_status": "company", "method": method, "destination": {"account": account}}
    return market.do(put_payee, market.vault, "c1", **asked, person="c1", now=market.now)


def verified(market: StripeWorld) -> Payee:
    market.do(verify_payee, market.vault, "c1", "vera", market.now)
    return market.do(get_payee, market.vault, "c1")


def test_another_creators_account_is_refused(market: StripeWorld) -> None:
    market.known_account("c2", "acct_2")
    assert wants(market, "acct_2").account_known is False
    assert market.refused(verify_payee, market.vault, "c1", "vera", market.now) == "account_of_another"
    assert not market.do(get_payee, market.vault, "c1").verified


def test_a_deleted_account_is_refused(market: StripeWorld) -> None:
    market.known_account("c1", "acct_1", deleted=True)
    assert wants(market, "acct_1").account_known is False
    assert market.refused(verify_payee, market.vault, "c1", "vera", market.now) == "account_deleted"


@pytest.mark.parametrize(("account", "known"), [("acct_1", True), ("acct_elsewhere", False)])
def test_the_creators_own_is_known_and_a_strange_one_is_allowed_and_said(
    market: StripeWorld, account: str, known: bool
) -> None:
    market.known_account("c1", "acct_1", transfers="pending")
    wants(market, account)
    payee = verified(market)
    assert (payee.verified, payee.account_known) == (True, known)


def test_what_is_no_account_of_stripes_is_not_looked_at(market: StripeWorld) -> None:
    market.known_account("c2", "acct_2")
    wants(market, "acct_2", "manual")
    payee = verified(market)
    assert (payee.verified, payee.account_known) == (True, None)
