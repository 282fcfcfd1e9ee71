"""Who and what there is: sellers, products, creators with their contents, and how well known each of them is."""

from datetime import datetime
from itertools import accumulate, cycle, islice
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kopeck.market import words
from kopeck.market.rhythm import last_days, moments
from kopeck.market.scale import Scale


class Product(NamedTuple):
    id: str
    seller: str
    title: str
    category: str
    kopecks: int


class Creator(NamedTuple):
    """`fame` falls with the rank as Zipf has it; `topics` are the categories the creator posts about."""

    id: str
    name: str
    region: str
    viewer: str
    fame: float
    topics: tuple[str, ...]


class Content(NamedTuple):
    """`pull` is how often the feed shows it, `appeal` how readily it is clicked, `length` how long it is (ms)."""

    id: str
    creator: Creator
    kind: str
    caption: str
    published: int
    products: tuple[Product, ...]
    pull: float
    appeal: float
    length: int


class World(NamedTuple):
    """Contents stand in the order of their publication."""

    sellers: dict[str, str]
    products: list[Product]
    creators: list[Creator]
    contents: list[Content]


def make_world(now: datetime, seed: int, scale: Scale, zone: ZoneInfo) -> World:
    """The same world for the same arguments."""
    rng = Random(f"{seed} world")
    sellers = _sellers(rng, scale.sellers)
    products = _products(rng, scale.products, list(sellers))
    creators = _creators(rng, scale, sorted({product.category for product in products}))
    times = moments(last_days(now, scale.published_days), zone, rng)
    published = sorted(islice(times, scale.contents))
    return World(sellers, products, creators, _contents(rng, published, creators, products))


def _zipf(count: int, power: float) -> list[float]:
    return [1 / rank**power for rank in range(1, count + 1)]


def viewer_id(number: int) -> str:
    return f"viewer-{number:05}"


def _sellers(rng: Random, count: int) -> dict[str, str]:
    names = [f"{kind} «{name}»" for name in words.SHOP_NAMES for kind in words.SHOP_KINDS]
    rng.shuffle(names)
    return {f"seller-{n:02}": name for n, name in enumerate(islice(cycle(names), count), 1)}


def _products(rng: Random, count: int, sellers: list[str]) -> list[Product]:
    """Every seller keeps to two categories; the products of bigger sellers are more."""
    categories = list(words.GOODS)
    offers = [(seller, rng.sample(categories, 2)) for seller in sellers]
    chosen = rng.choices(offers, weights=_zipf(len(offers), 0.6), k=count)
    return [_product(rng, n, seller, rng.choice(kept)) for n, (seller, kept) in enumerate(chosen, 1)]


def _product(rng: Random, number: int, seller: str, category: str) -> Product:
    goods = rng.choice(words.GOODS[category])
    rubles = goods.low * (goods.high / goods.low) ** rng.betavariate(1.6, 2.4)
    step = 10 if rubles < 3_000 else 100
    price = max(step, round(rubles / step) * step) - step // 10
    title = f"{goods.noun} {rng.choice(words.BRANDS)}, {rng.choice(words.VARIANTS[category])}"
    return Product(f"product-{number:04}", seller, title, category, price * 100)


def _creators(rng: Random, scale: Scale, categories: list[str]) -> list[Creator]:
    women = [f"{name} {surname}а" for name in words.WOMEN for surname in words.SURNAMES]
    men = [f"{name} {surname}" for name in words.MEN for surname in words.SURNAMES]
    names = women + men
    rng.shuffle(names)
    fame = _zipf(scale.creators, 0.7)
    rest = fame[1:]
    rng.shuffle(rest)
    fame[1:] = rest  # the first creator is the best known, for whoever looks at one only
    regions = rng.choices(words.REGIONS, weights=_zipf(len(words.REGIONS), 0.8), k=scale.creators)
    viewers = rng.choices(range(scale.viewers), k=scale.creators)
    people = enumerate(islice(zip(cycle(names), regions, viewers, fame, strict=False), scale.creators), 1)
    return [
        Creator(f"creator-{n:03}", name, region, viewer_id(viewer), known, _topics(rng, categories))
        for n, (name, region, viewer, known) in people
    ]


def _topics(rng: Random, categories: list[str]) -> tuple[str, ...]:
    return tuple(rng.sample(categories, min(len(categories), rng.choice((1, 1, 2)))))


def _contents(
    rng: Random, published: list[int], creators: list[Creator], products: list[Product]
) -> list[Content]:
    """Everybody posts at least once where there are enough contents; the well known post more."""
    authors = creators[: len(published)]
    busy = list(accumulate(creator.fame**0.45 for creator in creators))
    authors += rng.choices(creators, cum_weights=busy, k=len(published) - len(authors))
    rng.shuffle(authors)
    shelf: dict[str, list[Product]] = {}
    for product in products:
        shelf.setdefault(product.category, []).append(product)
    pairs = enumerate(zip(published, authors, strict=True), 1)
    return [_content(rng, n, at, creator, shelf) for n, (at, creator) in pairs]


def _content(rng: Random, number: int, at: int, creator: Creator, shelf: dict[str, list[Product]]) -> Content:
    kind = rng.choices(("video", "image", "text"), weights=(65, 25, 10))[0]
    goods = shelf[rng.choice(creator.topics)]
    tags = rng.choices((1, 2, 3, 4, 5, 6), weights=(34, 26, 17, 11, 7, 5))[0]
    tagged = tuple(rng.sample(goods, min(len(goods), tags)))
    return Content(
        f"content-{number:04}",
        creator,
        kind,
        rng.choice(words.CAPTIONS[kind]).format(title=tagged[0].title),
        at,
        tagged,
        pull=creator.fame * rng.lognormvariate(0, 0.8),
        appeal=min(rng.lognormvariate(0, 0.35), 2.5),
        length=rng.randrange(9_000, 75_000) if kind == "video" else rng.randrange(2_000, 9_000),
    )
