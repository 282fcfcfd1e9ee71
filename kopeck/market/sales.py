"""Purchases after clicks, purchases that no content brought, and what is sent back."""

from itertools import islice
from math import pow
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kopeck.market.catalog import rubles
from kopeck.market.rhythm import DAY, HOUR, Window, moments
from kopeck.market.scale import CURRENCY, Scale
from kopeck.market.traffic import Click, Row
from kopeck.market.world import Product, World, viewer_id

_MINUTE = 60_000
_BOUGHT = 0.024  # of the clicks on a product of the usual price
_USUAL = 150_000  # kopecks
_UNTOUCHED = 0.15  # purchases that no content brought, for each that one did
_RETURNED = 0.05  # of the purchases


class Purchase(NamedTuple):
    """A line of an order; `kopecks` were paid for all of it."""

    at: int
    order: str
    viewer: str
    product: Product
    quantity: int
    kopecks: int


def sales(
    world: World, clicks: list[Click], rng: Random, window: Window, scale: Scale, zone: ZoneInfo
) -> list[Row]:
    """Rows of purchases and refunds."""
    wanted = [
        (later, c) for c in clicks if _buys(c.product, rng) and (later := c.at + _thinking(rng)) < window.end
    ]
    wanted += [(click.at, click) for click in _untouched(world, len(wanted), rng, window, scale, zone)]
    wanted.sort()
    bought = [_purchase(rng, n, at, click) for n, (at, click) in enumerate(wanted, 1)]
    kept = [each for each in bought if each.at < window.end - 3 * DAY]  # it takes days to send a thing back
    returned = rng.sample(kept, min(len(kept), round(_RETURNED * len(bought))))
    return [_purchase_row(each) for each in bought] + [
        _refund_row(each, rng, window.end) for each in returned
    ]


def _buys(product: Product, rng: Random) -> bool:
    """The cheap is bought more readily."""
    return rng.random() < _BOUGHT * min(max(pow(_USUAL / product.kopecks, 0.25), 0.5), 2)


def _thinking(rng: Random) -> int:
    """From the click to the purchase: mostly minutes, else hours, or days and then about the same hour."""
    mood = rng.random()
    if mood < 0.6:
        return int(rng.lognormvariate(2, 0.8) * _MINUTE) + _MINUTE
    if mood < 0.8:
        return rng.randrange(HOUR, 5 * HOUR)
    return min(1 + int(rng.expovariate(0.4)), 14) * DAY + rng.randrange(-HOUR, HOUR)


def _untouched(
    world: World, touched: int, rng: Random, window: Window, scale: Scale, zone: ZoneInfo
) -> list[Click]:
    """What people buy who never watch anything: not clicks, but their shape is the same."""
    people = range(scale.viewers, scale.viewers + max(1, scale.viewers // 4))
    when = moments(window, zone, rng)
    count = round(_UNTOUCHED * touched)
    return [
        Click(at, viewer_id(rng.choice(people)), rng.choice(world.products)) for at in islice(when, count)
    ]


def _purchase(rng: Random, number: int, at: int, click: Click) -> Purchase:
    quantity = rng.choices((1, 2, 3), weights=(88, 9, 3))[0]
    discount = rng.choices((0, 5, 10, 15, 20), weights=(84, 5, 5, 3, 3))[0]
    kopecks = click.product.kopecks * quantity * (100 - discount) // 100
    return Purchase(at, f"order-{number:05}", click.viewer, click.product, quantity, kopecks)


def _purchase_row(bought: Purchase) -> Row:
    return bought.at, (
        f'"type":"purchase","viewer":"{bought.viewer}","order":"{bought.order}","product":"{bought.product.id}",'
        f'"quantity":{bought.quantity},"amount":"{rubles(bought.kopecks)}","currency":"{CURRENCY}"'
    )


def _refund_row(bought: Purchase, rng: Random, end: int) -> Row:
    """All of it or some of it, by units or by money, two days to two weeks later."""
    at = bought.at + rng.randrange(2 * DAY, min(14 * DAY, end - bought.at))
    part = rng.random() < 0.35
    if part and bought.quantity == 1:
        back = f'"amount":"{rubles(bought.kopecks * rng.randrange(10, 60) // 100)}","currency":"{CURRENCY}"'
    elif part:
        back = '"quantity":1'
    elif rng.random() < 0.5:
        back = f'"quantity":{bought.quantity}'
    else:
        back = f'"amount":"{rubles(bought.kopecks)}","currency":"{CURRENCY}"'
    return at, f'"type":"refund","order":"{bought.order}","product":"{bought.product.id}",{back}'
