"""Who is in the market: funds that give, creators who are paid by Stripe, by bank and by hand, tax and settings."""

from pathlib import Path
from typing import Any

from bank_world import ru
from sim_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import MICROS, Money
from kopeck.tax_file import read_tax_file
from ledger import accounts
from ledger.post import credit, debit, post
from payouts.payee import put_payee, verify_payee
from payouts.settings import put_settings
from payouts.store import day_of
from payouts.stripe.accounts import keep_account
from payouts.withholding import add_withholding
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.grants import grant
from rewards.lines import create_line

EXAMPLE = Path(__file__).parents[2] / "examples" / "withholding" / "ru_2025.yaml"
# name: tax status, method, currencies. HUF goes by Stripe in whole forints, though it has two decimals.
CREATORS = {
    "ada": ("company", "stripe", ("USD",)),
    "bob": ("individual", "stripe", ("USD", "HUF")),
    "cyd": ("sole_proprietor", "stripe", ("HUF", "USD")),
    "dan": ("company", "bank", ("RUB",)),
    "eva": ("self_employed", "bank", ("RUB",)),
    "fay": ("individual", "bank", ("RUB",)),
    "gus": ("individual", "manual", ("RUB",)),
}
INN = {"company": "7707083893"}
PLENTY = 10**9


def settle_in(world: World) -> None:
    """Everything that stands before the first step."""
    for currency in ("USD", "HUF", "RUB"):
        _fund(world, currency)
    with transaction(world.database.first) as session:
        for each in read_tax_file(EXAMPLE):
            add_withholding(
                session,
                tax_status=each.tax_status,
                currency=each.currency,
                valid_from=world.now.date(),
                kind=each.kind,
                bands=each.bands,
                person="anna",
                now=world.now,
            )
    for name in CREATORS:
        with transaction(world.database.first) as session:
            session.execute(text("INSERT INTO creator (id, name) VALUES (:id, :id)"), {"id": name})
        give_payee(world, name)
        world.ask(verify_payee, world.vault, name, "vera", world.now)
    if world.chance(0.5):
        schedule(world, "USD", "stripe", world.random.choice(["daily", "weekly:3"]))


def _fund(world: World, currency: str) -> None:
    much = Money(PLENTY * MICROS, currency)
    with transaction(world.database.first) as session:
        create_fund(session, currency, currency, much)
        deposit_money(session, currency, much, "order 1", "anna", world.now, world.settings)
        create_line(session, currency, "prizes", "prizes", much, "once", False, world.now, world.settings)


def schedule(world: World, currency: str, provider: str, when: str, limit: Money | None = None) -> None:
    minimum = Money(MICROS, currency)
    world.ask(
        put_settings,
        currency,
        schedule=when,
        minimum=minimum,
        provider=provider,
        approval_limit=limit,
        now=world.now,
    )


def give_payee(world: World, name: str, method: str = "") -> Any:
    """A new destination, unverified."""
    status, usual, _ = CREATORS[name]
    method = method or usual
    world.posted += 1
    if method == "stripe":
        account = world.stripe.control("account")[0]
        destination = {"account": account}
        shown = world.stripe.standin.state.accounts[account]
        if world.chance(0.7):
            world.ask(keep_account, name, shown, world.now)
    elif method == "bank":
        inn = {"inn": INN[status]} if status in INN else {}
        destination = ru(100 + world.posted) | inn
    else:
        destination = {"account": f"card {world.posted}"}
    return world.ask(
        put_payee,
        world.vault,
        name,
        tax_status=status,
        method=method,
        destination=destination,
        person="anna",
        now=world.now,
    )


def earn(world: World, given: dict[str, Money]) -> None:
    """Money of one currency to available: a grant from a fund, or one entry for all as the release of rewards makes it."""
    for name, money in given.items():
        world.earned[name, money.currency] += money.micros
    if len(given) == 1:
        [(name, money)] = given.items()
        asked = (money.currency, "prizes", name, money, "prize", "olga", world.now, world.settings)
        assert world.ask(grant, *asked).state == "done"
    elif given:
        _post(world, "release", {accounts.creator(name, "available"): money for name, money in given.items()})


def take_back(world: World, name: str, money: Money) -> None:
    """As the reversal of an accrual does it; the balance may fall below zero."""
    world.earned[name, money.currency] -= money.micros
    _post(world, "accrual.reversal", {accounts.creator(name, "available"): -money})


def _post(world: World, kind: str, credits: dict[str, Money]) -> None:
    world.posted += 1
    legs = [credit(code, money) for code, money in credits.items()]
    whole = sum(credits.values(), start=Money(0, legs[0].money.currency))
    with transaction(world.database.first) as session:
        day = day_of(session, world.now)
        legs.append(debit(accounts.OPENING, whole))
        post(session, key=f"{kind}:{world.posted}", kind=kind, effective_on=day, legs=legs)
