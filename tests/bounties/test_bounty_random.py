"""Random moves, legal and illegal, by whoever may and may not: the database does what the model does, to the micro."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bounty_claims_model as rules
import pytest
from bounty_model import ENDED
from bounty_moves import draft, move, resolve
from bounty_pair import Pair
from bounty_world import SETTINGS, World

from bounties.bonus import settle_bonuses
from bounties.close import cancel_bounty, close_due
from bounties.dispute import dispute_claim
from bounties.open import due_openings, open_due
from bounties.overdue import approve_by_silence, end_rejections, expire_claims
from core.database import transaction

pytestmark = pytest.mark.slow

STEPS, PAIRS = 70, 3
JOBS: tuple[tuple[Callable[..., Any], Callable[..., Any]], ...] = (
    (rules.close_due, close_due),
    (rules.expire, expire_claims),
    (rules.silence, approve_by_silence),
    (rules.end_rejections, end_rejections),
    (rules.settle_bonuses, settle_bonuses),
)


def time_passes(p: Pair, hours: float, late: float) -> None:
    """Hours later; each job looks, but for those that are `late` (a share of them)."""
    p.world.now += timedelta(hours=hours)
    now = p.world.now
    if p.pick.random() >= late:
        with transaction(p.world.engine) as session:
            due = due_openings(session, now)
        for key in due:
            with transaction(p.world.engine) as session:
                open_due(session, key, now, SETTINGS)
        rules.open_due(p.model, now)
        p.agree()
    for ours, real in JOBS:
        if p.pick.random() >= late:
            p.both(ours, p.model, now, real=(real, now, SETTINGS))


def to_the_end(p: Pair) -> None:
    """Whatever is left ends by itself, but for what waits for a person."""
    for _ in range(60):
        now = p.world.now
        left = [b for b in p.model.bounties if b.state not in ENDED]
        for b in left:
            b_id = p.ids[p.model.bounties.index(b)]
            for id, c in p.claims:
                if any(c is each for each in b.claims) and c.state == "disputed":
                    resolve(p, b, c, id)
                elif any(c is each for each in b.claims) and c.state == "submitted" and c.due is None:
                    p.both(
                        rules.dispute,
                        c,
                        c.creator,
                        now,
                        real=(dispute_claim, id, c.creator, "nobody looks", c.creator, now),
                    )
            if b.state == "draft":
                p.both(p.model.cancel, b, "s1", real=(cancel_bounty, b_id, "s1", now, SETTINGS))
        if not left:
            break
        time_passes(p, 30, 0)
    assert all(b.state in ENDED and b.held == 0 for b in p.model.bounties)
    p.world.proved()


@pytest.mark.parametrize("seed", range(4))
def test_any_moves_leave_what_the_model_says(world: World, seed: int) -> None:
    p = Pair(world, seed)
    for _ in range(PAIRS):
        draft(p)
        draft(p)
        for _ in range(STEPS):
            move(p) if p.pick.random() < 0.9 else time_passes(p, p.pick.randint(1, 40), 0.4)
        to_the_end(p)
    assert len(p.outcomes) > 40
