"""The catalog's lines: what is referred to stands before what refers to it."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from kopeck.market.scale import CURRENCY, DEFAULT, MOSCOW, Scale
from kopeck.market.world import World, make_world, viewer_id

_FOLLOWS = 20  # for each creator, on average
_LIKES = 4  # for each content, on average


def catalog_lines(
    now: datetime, seed: int = 1, scale: Scale = DEFAULT, zone: ZoneInfo = MOSCOW
) -> Iterator[bytes]:
    """Sellers, products, creators, contents with their tags, follows, likes."""
    world = make_world(now, seed, scale, zone)
    for row in _rows(world, zone):
        yield _line(row)
    rng = Random(f"{seed} fans")
    for viewer, creator in _fans(
        rng, [c.id for c in world.creators], [c.fame for c in world.creators], _FOLLOWS, scale
    ):
        yield _line({"type": "follow", "viewer": viewer, "creator": creator})
    for viewer, content in _fans(
        rng, [c.id for c in world.contents], [c.pull for c in world.contents], _LIKES, scale
    ):
        yield _line({"type": "like", "viewer": viewer, "content": content})


def _rows(world: World, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for id, name in world.sellers.items():
        yield {"type": "seller", "id": id, "name": name}
    for product in world.products:
        price = {"amount": rubles(product.kopecks), "currency": CURRENCY}
        fields = {
            "seller": product.seller,
            "title": product.title,
            "category": product.category,
            "price": price,
        }
        yield {"type": "product", "id": product.id} | fields
    for creator in world.creators:
        fields = {"name": creator.name, "region": creator.region, "viewer": creator.viewer}
        yield {"type": "creator", "id": creator.id} | fields
    for content in world.contents:
        yield {
            "type": "content",
            "id": content.id,
            "creator": content.creator.id,
            "kind": content.kind,
            "caption": content.caption,
            "region": content.creator.region,
            "published_at": moment(content.published, zone),
            "products": [product.id for product in content.products],
        }


def _fans(
    rng: Random, ids: list[str], weights: list[float], each: int, scale: Scale
) -> Iterator[tuple[str, str]]:
    """Who likes or follows what: more of what is better known, nobody the same thing twice."""
    chosen = rng.choices(ids, cum_weights=list(accumulate(weights)), k=each * len(ids)) if ids else []
    return iter(dict.fromkeys((viewer_id(rng.randrange(scale.viewers)), id) for id in chosen))


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def rubles(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02}"


def moment(at: int, zone: ZoneInfo) -> str:
    """Milliseconds since 1970 as RFC 3339 with the zone's offset."""
    return datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
