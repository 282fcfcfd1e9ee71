"""The events' lines, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from random import Random
from zoneinfo import ZoneInfo

from kopeck.market.catalog import moment
from kopeck.market.rhythm import last_days
from kopeck.market.sales import sales
from kopeck.market.scale import DEFAULT, MOSCOW, Scale
from kopeck.market.traffic import touches
from kopeck.market.world import make_world

_TOUCHES = 0.996  # of all events; the rest is room for sales


def event_lines(
    now: datetime, seed: int = 1, scale: Scale = DEFAULT, zone: ZoneInfo = MOSCOW
) -> Iterator[bytes]:
    """Views, clicks, purchases and refunds of the last `scale.days` days, none of them later than `now`.

    They name what `catalog_lines` of the same arguments makes. Ids are numbered in the order of time.
    """
    world = make_world(now, seed, scale, zone)
    window = last_days(now, scale.days)
    rng = Random(f"{seed} events")
    rows, clicks = touches(world, rng, window, scale, zone, round(_TOUCHES * scale.events))
    rows += sales(world, clicks, rng, window, scale, zone)
    rows.sort(key=itemgetter(0))
    for number, (at, fields) in enumerate(rows, 1):
        yield f'{{"id":"e{number:06}","occurred_at":"{moment(at, zone)}",{fields}}}\n'.encode()
