"""A slot becomes free: for the next creator while the bounty is open, and for the seller's balance once it is closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, column, update, values
from sqlalchemy.orm import Session

from bounties.close import settle_done
from bounties.find import bounties_by_key, unit
from bounties.money import give_back, give_back_many
from bounties.tables import bounty
from core.settings import Settings

_b = bounty.c


def free_slot(session: Session, task: Any, now: datetime, settings: Settings) -> None:
    """Of one locked bounty, whose claim has ended unpaid."""
    session.execute(update(bounty).where(_b.id == task.id).values(taken=_b.taken - 1))
    if task.state == "closed":
        give_back(session, task, unit(task), now, settings)
        settle_done(session, [task.id], now)


def free_slots(session: Session, freed: Mapping[int, int], now: datetime, settings: Settings) -> None:
    """Of many locked bounties by key, so many each: one statement, and one entry a currency."""
    if not freed:
        return
    closed = {
        key: row
        for key, row in sorted(bounties_by_key(session, freed.keys()).items())
        if row.state == "closed"
    }
    given = values(
        column("id", _b.id.type), column("n", Integer), column("back", _b.price.type), name="given"
    )
    rows = [(key, n, unit(closed[key]) * n if key in closed else 0) for key, n in freed.items()]
    g = given.data(rows)
    changed = update(bounty).where(_b.id == g.c.id)
    session.execute(changed.values(taken=_b.taken - g.c.n, returned=_b.returned + g.c.back))
    give_back_many(session, [(row, unit(row) * freed[key]) for key, row in closed.items()], now, settings)
    settle_done(session, closed.keys(), now)
