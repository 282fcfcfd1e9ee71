"""Bodies of events for `POST /v1/events`, the same for the same arguments: views, clicks, some purchases."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

CONTENTS, PRODUCTS, VIEWERS = 2_000, 3_000, 100_000
CLICKS, PURCHASES = 0.18, 0.02  # the rest are views
HOURS = 36  # back from now, so that two or three partitions are written


def bodies(count: int, size: int, now: datetime) -> list[bytes]:
    """`count` NDJSON bodies of `size` events each."""
    chance = random.Random(7)
    return [b"".join(_line(chance, now) for _ in range(size)) for _ in range(count)]


def _line(chance: random.Random, now: datetime) -> bytes:
    at = now - timedelta(seconds=chance.randrange(HOURS * 3600))
    event: dict[str, Any] = {
        "id": f"{chance.getrandbits(128):032x}",
        "occurred_at": at.isoformat(),
        "viewer": f"viewer-{chance.randrange(VIEWERS)}",
    }
    drawn = chance.random()
    if drawn < PURCHASES:
        event |= {"type": "purchase", "order": f"order-{event['id'][:16]}", "product": _product(chance)}
        event |= {"quantity": 1, "amount": f"{chance.randrange(100, 10_000)}.00", "currency": "RUB"}
    else:
        event["content"] = f"content-{chance.randrange(CONTENTS)}"
        event |= (
            {"type": "click", "product": _product(chance)}
            if drawn < PURCHASES + CLICKS
            else {
                "type": "view",
                "watch_ms": chance.randrange(60_000),
                "completed": chance.random() < 0.3,
            }
        )
    return json.dumps(event).encode() + b"\n"


def _product(chance: random.Random) -> str:
    return f"product-{chance.randrange(PRODUCTS)}"
