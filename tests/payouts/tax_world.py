"""Withholding for the tests: the example's scales, creators in one batch, and the tax as a person would compute it."""

from datetime import date
from pathlib import Path

from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import MICROS, round_half_up
from kopeck.tax_file import read_tax_file
from payouts.approve import approve_run
from payouts.draft import draft_chunk
from payouts.request import request_run
from payouts.send import send_manual
from payouts.settle import settle
from payouts.withholding import add_withholding

EXAMPLE = Path(__file__).parents[2] / "examples" / "withholding" / "ru_2025.yaml"
SCALE = ((2_400_000, 13), (5_000_000, 15), (20_000_000, 18), (50_000_000, 20), (10**12, 22))


def withhold(world: World, since: date | None = None) -> None:
    """Lay the example down."""
    with transaction(world.engine) as session:
        for each in read_tax_file(EXAMPLE):
            add_withholding(
                session,
                tax_status=each.tax_status,
                currency=each.currency,
                valid_from=since or world.now.date(),
                kind=each.kind,
                bands=each.bands,
                person="anna",
                now=world.now,
            )


def tax_on(base: int) -> int:
    """The year's tax on a base, both in micros: each band at its own rate, whole rubles, half up."""
    parts, below = 0, 0
    for most, percent in SCALE:
        parts += max(min(base, most * MICROS) - below, 0) * percent
        below = most * MICROS
    return round_half_up(parts, 100 * MICROS) * MICROS


def pay(world: World, names: list[str] | None = None) -> dict[str, object]:
    """A run from asking to paid; by creator its payout's row."""
    with transaction(world.engine) as session:
        run = request_run(
            session,
            currency="RUB",
            provider="manual",
            until=None,
            creators=names,
            person="anna",
            now=world.now,
        )
        draft_chunk(session, world.now)
        approve_run(session, run.id, "boris", world.now)
        send_manual(session, world.now)
    made = world.payouts(run)
    with transaction(world.engine) as session:
        for each in made:
            settle(session, each.id, "paid", "pp-1", "anna", world.now)
    assert world.proved()
    return {each.creator: each for each in made}


def owed(world: World, kind: str = "ndfl") -> int:
    """What stands on the tax account, in micros."""
    query = "SELECT coalesce(sum(-b.balance), 0) FROM balance b JOIN account a ON a.id = b.account_id WHERE a.code = :code"
    with transaction(world.engine) as session:
        return int(session.scalar(text(query), {"code": f"liabilities:tax:{kind}"}))
