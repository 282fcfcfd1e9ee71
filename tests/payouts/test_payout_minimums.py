"""The currency's minimum, the payee's own, the provider's; and what a provider can send at all."""

import pytest
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import Money
from payouts.draft import draft_chunk
from payouts.payee import get_payee, put_payee
from payouts.providers import least_of, step_of
from payouts.read import payable, why_not
from payouts.request import request_run
from payouts.settings import put_settings


def test_an_own_minimum_waits_and_keeps_the_verification(world: World) -> None:
    world.creator("c1", "99.99")
    world.earn("c1", "5.00", "USD")
    same = {"tax_status": "individual", "method": "manual", "destination": {"account": "4081781000000000c1"}}
    put = world.do(
        put_payee, world.vault, "c1", **same, minimum=Money.parse("100.00", "RUB"), person="c", now=world.now
    )
    assert put.verified and put.minimum == Money.parse("100.00", "RUB")
    assert world.do(payable, "c1", "RUB", world.now).amount == "0.00"
    assert world.do(why_not, "c1", "RUB", world.now) == "below_minimum"
    assert world.do(payable, "c1", "USD", world.now).amount == "5.00"
    world.earn("c1", "0.01")
    assert world.do(payable, "c1", "RUB", world.now).amount == "100.00"
    world.do(put_payee, world.vault, "c1", **same, person="c", now=world.now)
    assert world.do(get_payee, world.vault, "c1").minimum is None
    for wrong, code in (("0.001", "not_minor_units"), ("0.00", "not_positive")):
        least = Money.parse(wrong, "RUB")
        refused = world.refused(
            put_payee, world.vault, "c1", **same, minimum=least, person="c", now=world.now
        )
        assert refused == code


def by_stripe(world: World, name: str) -> None:
    world.creator(name)
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payee SET method = 'stripe' WHERE creator = :id"), {"id": name})


@pytest.mark.parametrize(
    ("currency", "available", "sent", "left"),
    [
        ("JPY", "100.9", "100", "0.9"),
        ("HUF", "1234.56", "1234.00", "0.56"),
        ("KWD", "5.129", "5.120", "0.009"),
        ("MGA", "7.50", "7.00", "0.50"),
        ("USD", "5.015", "5.01", "0.005"),
    ],
)
def test_what_stripe_cannot_send_stays(
    world: World, currency: str, available: str, sent: str, left: str
) -> None:
    by_stripe(world, "c1")
    world.earn("c1", available, currency)
    asked = {"currency": currency, "provider": "stripe", "until": None, "creators": None}
    world.do(request_run, **asked, person="anna", now=world.now)
    assert world.do(draft_chunk, world.now).run.total == Money.parse(sent, currency)
    assert world.pots("c1", currency)[:2] == (left, sent)


def test_below_the_provider_s_least_nothing_is_drafted(world: World) -> None:
    by_stripe(world, "c1")
    least = {"schedule": "manual", "minimum": Money.parse("1.00", "GHS"), "provider": "stripe"}
    world.do(put_settings, "GHS", **least, approval_limit=None, now=world.now)
    world.earn("c1", "299.99", "GHS")
    assert world.do(payable, "c1", "GHS", world.now).amount == "0.00"
    assert world.do(why_not, "c1", "GHS", world.now) == "below_minimum"
    asked = {"currency": "GHS", "provider": "stripe", "until": None, "creators": None}
    assert world.refused(request_run, **asked, person="anna", now=world.now) == "nothing_payable"
    world.earn("c1", "0.01", "GHS")
    assert world.do(payable, "c1", "GHS", world.now).amount == "300.00"


def test_stripe_pays_no_rubles(world: World) -> None:
    asked = {"currency": "RUB", "provider": "stripe", "until": None, "creators": None}
    assert world.refused(request_run, **asked, person="anna", now=world.now) == "unsupported_currency"


def test_an_account_in_rubles_gets_rubles_alone(world: World) -> None:
    """What the destination is cannot be asked of a sealed one, so its kind stands beside it."""
    for name, scheme in (("ru", "rubles"), ("eu", "iban")):
        world.creator(name, "10.00")
        world.earn(name, "10.00", "EUR")
        with transaction(world.engine) as session:
            session.execute(
                text("UPDATE payee SET method = 'bank', scheme = :scheme WHERE creator = :id"),
                {"id": name, "scheme": scheme},
            )
    for currency, name in (("RUB", "ru"), ("EUR", "eu")):
        world.do(
            request_run,
            currency=currency,
            provider="bank",
            until=None,
            creators=None,
            person="anna",
            now=world.now,
        )
        run = world.do(draft_chunk, world.now).run
        assert [payout.creator for payout in world.payouts(run)] == [name]


def test_steps_and_leasts() -> None:
    assert [step_of("stripe", each) for each in ("USD", "JPY", "UGX", "KWD")] == [
        10_000,
        1_000_000,
        1_000_000,
        10_000,
    ]
    assert step_of("manual", "KWD") == 1_000 and least_of("bank", "GHS") == Money.parse("0.01", "GHS")
