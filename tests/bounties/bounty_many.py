"""Very many bounties and claims in a few statements, with the entries that they would have had; and who races on them."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from bounty_world import World, rub, terms
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from bounties.find import bounty_id, escrow, unit
from bounties.tables import bounty, claim
from core.database import sql, transaction
from core.errors import KopeckError
from core.ids import public_id
from core.money import Money
from ledger import accounts
from ledger.post import credit, debit, post

ROUNDS = 200
FEE = rub("1.00").micros
Call = Callable[[Session], Any]


def creators(world: World, count: int) -> list[str]:
    """m0001 and so on, each with a content k-m0001 that tags p1."""
    world.sql(
        "WITH made AS (INSERT INTO creator (id, name) SELECT 'm' || lpad(n\\:\\:text, 4, '0'), 'M' FROM generate_series(1, :n) n"
        " RETURNING id), shown AS (INSERT INTO content (id, creator, kind, published_at)"
        " SELECT 'k-' || id, id, 'video', :at FROM made RETURNING id)"
        " INSERT INTO product_tag (content, product, tagged_from) SELECT id, 'p1', :at FROM shown",
        n=count, at=world.now,
    )  # fmt: skip
    return [f"m{n:04}" for n in range(1, count + 1)]


def drafts(world: World, count: int, **changes: Any) -> list[Any]:
    """Rows of bounties; `deadline` and `opens_at` may be functions of a bounty's number."""
    given = terms(world.now, price=rub("10.00").micros, **changes)
    made = []
    for n in range(count):
        told = {name: value(n) if callable(value) else value for name, value in given.items()}
        made.append(
            told | {"seller": "s1", "category": "home", "created_at": world.now, "updated_at": world.now}
        )
    with transaction(world.engine) as session:
        return sorted(session.execute(insert(bounty).returning(bounty), made), key=lambda row: row.id)


def opened(world: World, count: int, *, sellers: tuple[str, ...] = ("s1",), **changes: Any) -> list[Any]:
    """Open bounties with a fee of 1.00, funded in one entry; by turns of these sellers."""
    rows = drafts(world, count, **changes)
    keys = [row.id for row in rows]
    with transaction(world.engine) as session:
        values = {"state": "open", "opened_at": world.now, "fee": FEE}
        session.execute(update(bounty).where(bounty.c.id.in_(keys)).values(**values))
        legs, done = [], []
        for n, row in enumerate(rows):
            holds, code = Money((unit(row) + FEE) * row.slots, row.currency), escrow(row.id, row.created_at)
            seller = sellers[n % len(sellers)]
            legs += [debit(accounts.seller_balance(seller), holds), credit(code, holds)]
            told = {"seller": seller, "escrow": code, "funded": holds.micros}
            made = update(bounty).where(bounty.c.id == row.id).values(**told).returning(bounty)
            done.append(session.execute(made).one())
        post(session, key=f"many:{keys[0]}", kind="bounty.fund", legs=legs, effective_on=world.now.date())
    return done


def claims(world: World, rows: list[Any], who: list[str], state: str, due: Callable[[int], datetime] | None) -> list[str]:  # fmt: skip
    """A claim of each creator, on the bounties by turns; their public ids."""
    content = state in ("submitted", "rejected", "disputed")
    made = [
        {
            "bounty_id": rows[n % len(rows)].id, "creator": each, "state": state, "due_at": due(n) if due else None,
            "content": f"k-{each}" if content else None, "created_at": world.now, "updated_at": world.now,
        }
        for n, each in enumerate(who)
    ]  # fmt: skip
    with transaction(world.engine) as session:
        found = session.execute(insert(claim).returning(claim.c.id, claim.c.created_at), made)
        ids = [public_id("clm", row.id, row.created_at) for row in sorted(found, key=lambda row: row.id)]
        session.execute(
            text("UPDATE bounty b SET taken = (SELECT count(*) FROM claim WHERE bounty_id = b.id)")
        )
    return ids


def public(row: Any) -> str:
    return bounty_id(row)


def call(verb: Callable[..., Any], *args: Any) -> Call:
    """A verb with all but its session."""
    return lambda session: verb(session, *args)


class Race:
    """Calls that begin together, each on a connection of its own, committed or refused."""

    def __init__(self, world: World, clients: int = 2) -> None:
        self.world, self.clients = world, clients
        self.pool, self.pick = ThreadPoolExecutor(clients), random.Random(7)

    def run(self, *calls: Call) -> list[Any]:
        """What each answered, or the code of its refusal; the books are looked at afterwards."""
        barrier = Barrier(len(calls))
        waits = [self.pick.choice((0.0, 0.0, 0.002, 0.005)) for _ in calls]
        told = [
            self.pool.submit(self._one, call, barrier, wait) for call, wait in zip(calls, waits, strict=True)
        ]
        answers = [each.result() for each in told]
        self.sound()
        return answers

    def _one(self, call: Call, barrier: Barrier, wait: float) -> Any:
        try:
            with transaction(self.world.engine) as session:
                session.execute(text("SELECT 1"))
                barrier.wait(30)
                time.sleep(wait)
                return call(session)
        except KopeckError as error:
            return error.code

    def sound(self) -> None:
        """`funded = released + returned + held`, and `held` is what escrow holds and the claims need."""
        with transaction(self.world.engine) as session:
            for name in ("check_bounty_claims_wrong", "check_bounty_escrow_wrong"):
                assert session.execute(sql("bounties", name)).all() == []


def later(minutes: float, world: World) -> Callable[[int], datetime]:
    """The n-th is due n minutes after that."""
    start = world.now + timedelta(minutes=minutes)
    return lambda n: start + timedelta(minutes=n)


def word(answer: Any) -> str:
    """A refusal's code, a job's count, or that it was done."""
    return str(answer) if isinstance(answer, str | int) else "done"


def seen(rounds: list[list[Any]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(map(word, answers)) for answers in rounds)


def submitted(world: World, count: int, **changes: Any) -> tuple[Any, list[str], list[str]]:
    """One bounty with so many claims to be reviewed, the n-th until n minutes after 100 hours."""
    who = creators(world, count)
    [row] = opened(world, 1, slots=count + 10, **changes)
    return row, claims(world, [row], who, "submitted", later(6000, world)), who
