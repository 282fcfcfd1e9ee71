"""What people do: earn, draft, approve, cancel, hold, change where they are paid, ask back, keep receipts."""

from typing import Any

from sim_market import CREATORS, earn, give_payee, schedule, take_back
from sim_world import World

from core.ids import public_id
from core.money import MICROS, Money
from payouts.approve import approve_run
from payouts.ask_back import ask_back
from payouts.cancel import cancel_payout, cancel_run
from payouts.hold import hold_payout, release_payout
from payouts.hold_creator import hold_creator, release_creator
from payouts.payee import hold_payee, release_payee, verify_payee
from payouts.receipts import record_receipt
from payouts.request import request_run

_AMOUNTS = (10_000, 990_000, 1_000_000, 1_234_567, 25_500_000, 333_333_333, 99_999_999_999, 1_700_000_000_000)
_PAYOUTS = "SELECT u.*, r.provider FROM payout u JOIN payout_run r ON r.id = u.run_id"


def payouts(world: World, where: str = "true") -> list[Any]:
    """Rows of payouts with their public ids' parts."""
    return world.rows(f"{_PAYOUTS} WHERE {where} ORDER BY u.id")


def public(row: Any) -> str:
    return public_id("po", row.id, row.created_at)


def _one(world: World, where: str) -> Any:
    rows = payouts(world, where)
    return world.random.choice(rows[-12:]) if rows else None


def _pot(world: World) -> tuple[str, str]:
    name = world.random.choice(list(CREATORS))
    return name, world.random.choice(CREATORS[name][2])


def earned(world: World) -> str:
    told = []
    for currency in ("USD", "HUF", "RUB"):
        names = [name for name, (_, _, own) in CREATORS.items() if currency in own and world.chance(0.5)]
        given = {name: Money(world.random.choice(_AMOUNTS), currency) for name in names}
        earn(world, given)
        told += [f"{name} {money}" for name, money in given.items()]
    return ", ".join(told)


def taken_back(world: World) -> str:
    name, currency = _pot(world)
    money = Money(world.random.choice(_AMOUNTS[:6]), currency)
    take_back(world, name, money)
    return f"{name} {money}"


def drafted(world: World) -> str:
    currency, provider = world.random.choice(
        [
            ("USD", "stripe"),
            ("USD", "stripe"),
            ("HUF", "stripe"),
            ("RUB", "bank"),
            ("RUB", "bank"),
            ("RUB", "manual"),
        ]
    )
    some = world.random.sample(sorted(CREATORS), 3) if world.chance(0.2) else None
    until = world.now.date() if world.chance(0.2) else None
    asked = {"currency": currency, "provider": provider, "until": until, "creators": some}
    world.ask(request_run, **asked, person=world.person(), now=world.now)
    return f"{currency} by {provider} {some or ''}"


def approved(world: World) -> str:
    runs = world.rows("SELECT id, created_at FROM payout_run WHERE state = 'draft' ORDER BY id")
    if not runs:
        return "none"
    run = world.random.choice(runs)
    for _ in range(world.random.choice([1, 2, 4, 4])):
        world.ask(approve_run, public_id("run", run.id, run.created_at), world.person(), world.now)
        if world.said == "run_not_draft":
            break
    return f"run {run.id}"


def cancelled(world: World) -> str:
    if world.chance(0.5):
        runs = world.rows("SELECT id, created_at FROM payout_run ORDER BY id DESC LIMIT 4")
        if runs:
            run = world.random.choice(runs)
            world.ask(cancel_run, public_id("run", run.id, run.created_at), world.person(), world.now)
            return f"run {run.id}"
    row = _one(world, "u.state IN ('reserved', 'held', 'sending', 'unknown')")
    if row is not None:
        world.ask(cancel_payout, public(row), world.person(), world.now)
    return f"payout {row and row.id}"


def held(world: World) -> str:
    how = world.random.choice(["payout", "payout", "creator", "payee"])
    if how == "payout":
        row = _one(world, "u.state IN ('reserved', 'sending')")
        if row is not None:
            world.ask(hold_payout, public(row), "look first", world.person())
        return f"payout {row and row.id}"
    name, _ = _pot(world)
    if how == "creator":
        cause = f"program {world.random.randint(1, 2)}"
        world.ask(hold_creator, name, cause, "broke a rule", world.person(), world.now)
    else:
        world.ask(hold_payee, name, "odd", world.person())
    return f"{how} {name}"


def released(world: World) -> str:
    """Most of what is held at the moment."""
    for row in world.rows("SELECT creator, cause FROM creator_hold WHERE until IS NULL ORDER BY id"):
        if world.chance(0.6):
            world.ask(release_creator, row.creator, row.cause, world.now)
    for row in world.rows("SELECT creator FROM payee WHERE hold_reason IS NOT NULL ORDER BY creator"):
        if world.chance(0.6):
            world.ask(release_payee, row.creator, world.person())
    rows = [row for row in payouts(world, "u.state = 'held'") if world.chance(0.7)]
    for row in rows:
        world.ask(release_payout, public(row), world.person())
    return f"payouts {[row.id for row in rows]}"


def changed_payee(world: World) -> str:
    name, _ = _pot(world)
    method = world.random.choice(["", "", "", "manual"])
    give_payee(world, name, method)
    return f"{name} {method}"


def verified(world: World) -> str:
    names = [
        row.creator for row in world.rows("SELECT creator FROM payee WHERE NOT verified ORDER BY creator")
    ]
    for name in names:
        world.ask(verify_payee, world.vault, name, world.random.choice(["vera", "boris"]), world.now)
    return " ".join(names)


def asked_back(world: World) -> str:
    row = _one(world, "u.state = 'paid'")
    if row is None:
        return "none"
    part = Money(
        world.random.choice([10_000, 1_000_000, row.amount // 2 // 10_000 * 10_000, row.amount]), row.currency
    )
    amount = None if world.chance(0.4) else part
    if amount is None or amount.micros:
        world.ask(ask_back, public(row), amount, "sent in error", world.person(), world.now)
    return f"payout {row.id} {amount or 'whole'}"


def receipts(world: World) -> str:
    rows = payouts(world, "u.tax_status = 'self_employed' AND u.state = 'paid'")
    for row in rows:
        if world.chance(0.7):
            world.ask(record_receipt, public(row), f"r{row.id}", None, "eva", world.now)
    return f"{len(rows)}"


def settings(world: World) -> str:
    currency, provider = world.random.choice([("USD", "stripe"), ("HUF", "stripe"), ("RUB", "bank")])
    when = world.random.choice(["manual", "daily", "weekly:1"])
    limit = Money(world.random.choice([5, 100, 100_000]) * MICROS, currency) if world.chance(0.6) else None
    schedule(world, currency, provider, when, limit)
    return f"{currency} {when} {limit or ''}"
