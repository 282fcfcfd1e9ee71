"""N7 whole: server, scheduler and PostgreSQL die at fifty random moments; what was acknowledged is there, once."""

import sys
import time
from random import Random

import pytest
from crash_world import (
    CLICKS,
    PURCHASES,
    REFUNDS,
    VIEWS,
    Senders,
    World,
    eventually,
    world,
)
from sqlalchemy import Engine, text

from attribution.recount import verify_tallies
from core.database import make_engine, transaction
from ledger.verify import verify

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kills process trees"),
]
VICTIMS = ("worker",) * 18 + ("server",) * 4 + ("scheduler",) * 8 + ("database",) * 20
COUNTS = {
    "touches": "SELECT count(*) FROM touch",
    "ids": "SELECT count(DISTINCT event_id) FROM touch",
    "views": "SELECT coalesce(sum(views), 0) FROM tally_content_day",
    "clicks": "SELECT coalesce(sum(clicks), 0) FROM tally_product_day",
    "purchases": "SELECT count(*) FROM purchase",
    "refunds": "SELECT count(*) FROM refund",
    "attributed": "SELECT count(*) FROM attribution WHERE outcome = 'click'",
    "shares": "SELECT coalesce(sum(amount), 0) FROM share",
    "parked": "SELECT count(*) FROM parked_event",
    "conflicts": "SELECT count(*) FROM event_conflict",
}


def test_fifty_kills_lose_and_double_nothing() -> None:
    rng = Random(20261122)
    victims = list(VICTIMS)
    rng.shuffle(victims)
    with world() as service:
        with Senders(service, 4) as senders:
            for victim in victims:
                done = senders.acknowledged
                eventually(lambda done=done: senders.strange or senders.acknowledged > done + 1, 60)
                assert senders.strange == []
                time.sleep(rng.random() * 0.2)
                service.kill(victim)
            senders.stop.set()
        assert senders.strange == []
        sent = senders.acknowledged
        assert senders.resent > 0, "no kill met a batch on its way"
        expected = {
            "touches": sent * (VIEWS + CLICKS),
            "ids": sent * (VIEWS + CLICKS),
            "views": sent * VIEWS,
            "clicks": sent * CLICKS,
            "purchases": sent * PURCHASES,
            "refunds": sent * REFUNDS,
            "attributed": sent * PURCHASES,
            "shares": sent * (PURCHASES * 100_000_000 - REFUNDS * 50_000_000),
            "parked": 0,
            "conflicts": 0,
        }
        assert books(service, expected) == expected


def books(service: World, expected: dict[str, int]) -> dict[str, int]:
    """What is there once the scheduler has caught up (or does not), with the tallies and the ledger proved."""
    engine = make_engine(service.cluster.url(), service.settings.time_zone, statement_seconds=0)
    patience = time.monotonic() + 90
    while (found := counted(engine)) != expected and time.monotonic() < patience:
        time.sleep(0.5)
    with transaction(engine) as session:
        assert verify_tallies(session, service.settings) == []
        assert verify(session) == []
    engine.dispose()
    return found


def counted(engine: Engine) -> dict[str, int]:
    with transaction(engine) as session:
        return {name: int(session.scalar(text(query)) or 0) for name, query in COUNTS.items()}
