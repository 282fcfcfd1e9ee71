"""The program of a seed: which operations there are, how often each is drawn, and what is proved in between."""

import random
import subprocess
from collections.abc import Callable
from dataclasses import replace

import sim_bank
import sim_end
import sim_finance
import sim_journey
import sim_market
import sim_people
import sim_trouble
import sim_workers
from sim_database import Database
from sim_proofs import prove, prove_alarmed
from sim_stripe import Line, Stripe, install, uninstall
from sim_world import World

from core.secrets import vault_of
from core.settings import load_settings

STEPS = 50
HEAVY = 20  # the product's own checks take as long as ten steps

OPERATIONS: dict[Callable[[World], str], int] = {
    sim_people.earned: 2,
    sim_people.taken_back: 2,
    sim_journey.journey: 20,
    sim_people.drafted: 2,
    sim_people.approved: 4,
    sim_people.cancelled: 2,
    sim_people.held: 2,
    sim_people.released: 3,
    sim_people.changed_payee: 2,
    sim_people.verified: 3,
    sim_people.asked_back: 8,
    sim_people.receipts: 1,
    sim_people.settings: 1,
    sim_workers.drafting: 4,
    sim_workers.asking: 1,
    sim_workers.sending: 5,
    sim_workers.sending_by_hand: 2,
    sim_workers.looking: 8,
    sim_workers.handling: 4,
    sim_workers.polling: 3,
    sim_workers.reconciling: 3,
    sim_workers.delivered: 4,
    sim_bank.file_made: 3,
    sim_bank.executed: 3,
    sim_bank.imported: 3,
    sim_bank.settled: 2,
    sim_finance.looked_into: 3,
    sim_trouble.faults: 6,
    sim_trouble.refusal: 1,
    sim_trouble.cured: 3,
    sim_trouble.key_refused: 1,
    sim_trouble.poor: 1,
    sim_trouble.account_changed: 1,
    sim_trouble.reversed_there: 3,
    sim_trouble.spent: 1,
    sim_trouble.cut_off: 1,
    sim_trouble.time_passes: 9,
}
_NAMES = {each: f"{each.__module__.removeprefix('sim_')}.{each.__name__}" for each in OPERATIONS}
_VERBS, _WEIGHTS = list(OPERATIONS), list(OPERATIONS.values())


class Failed(AssertionError):
    """A seed that failed: seed, commit, step, and what was done last."""


def draw_step(world: World) -> None:
    """One operation."""
    verb = world.random.choices(_VERBS, _WEIGHTS)[0]
    while world.deep and verb is sim_journey.journey:
        verb = world.random.choices(_VERBS, _WEIGHTS)[0]
    world.said = ""
    told = verb(world)
    inside = "  " if world.deep else ""
    world.done.append(
        f"{inside}{world.step:>3} {world.now:%d %H:%M:%S} {_NAMES[verb]}: {told} {world.said}"[:1500]
    )


def run_seed(database: Database, seed: int, steps: int = STEPS) -> World:
    """A whole seed on a database as it was at first.

    Raises:
        Failed: it prints itself.
    """
    database.rewind()
    random.seed(seed)
    stripe = Stripe()
    install()
    settings = load_settings({"KOPECK_STRIPE_API_KEY": "sk_test_x", "KOPECK_STRIPE_API_BASE": stripe.base})
    settings = replace(settings, stripe_rate=1000, payout_workers=1, grant_limit=10**9)
    world = World(seed, database, stripe, vault_of(b"k" * 32), settings, sim_bank.Bank())
    Line.watch = world.watch  # type: ignore[assignment]
    try:
        _live(world, steps)
    except Exception as error:
        raise Failed(_report(world, error)) from error
    finally:
        uninstall()
        stripe.close()
    return world


def _live(world: World, steps: int) -> None:
    world.stripe.set_clock(world.now)
    sim_market.settle_in(world)
    sim_people.earned(world)
    for world.step in range(1, steps + 1):
        draw_step(world)
        prove(world, heavy=world.step % HEAVY == 0)
        if "'runs': 1" in world.done[-1] and "reconciling" in world.done[-1]:
            prove_alarmed(world)
    world.step = steps + 1
    sim_end.finish(world)


def _report(world: World, error: Exception) -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    last = "\n".join(world.done)
    return f"{world.seed} {asked.stdout.strip() or '-'} {world.step}\n{type(error).__name__}: {error}\n{last}"
