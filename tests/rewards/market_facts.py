"""A marketplace whose every fact is written twice: into the tables, and into the plain model."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from reward_facts import Content, Facts, OracleProgram, Share
from sqlalchemy import Engine, text

from core.database import transaction
from core.settings import load_settings
from rewards.price import first_open_day

SETTINGS = load_settings({"KOPECK_HOME": "/nonexistent"})
_SHARE = (
    "INSERT INTO share (purchase_id, policy, refund_id, generation, content, creator, product, seller, category, kind,"
    " region, price, amount, units, orders, currency, occurred_at, day) VALUES (:purchase, 'default', :refund_id,"
    " :generation, :content, :creator, :product, :seller, :category, :kind, :region, :price, :amount, :units, :orders,"
    " :currency, :at, :day)"
)


@dataclass
class Sale:
    """A purchase, the shares that stand of it and its refunds: (id, amount, units)."""

    purchase: int
    generation: int
    shares: list[tuple[int | None, Share]]
    refunds: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def left(self) -> int:
        return sum(share.amount for _, share in self.shares)


class MarketFacts:
    def __init__(self, engine: Engine, now: datetime) -> None:
        self.engine, self.now = engine, now
        self.facts = Facts(SETTINGS.zone)
        self.programs: dict[str, OracleProgram] = {}
        self.sales: dict[str, Sale] = {}
        self.payers: dict[tuple[str, str], str] = {}

    @property
    def today(self) -> date:
        return first_open_day(self.now, SETTINGS)

    def write(self, statement: str, **values: Any) -> Any:
        with transaction(self.engine) as session:
            result = session.execute(text(statement), values)
            return result.scalar() if result.returns_rows else None

    def fact(self, day: date, *contents: str) -> None:
        for each in contents:
            self.facts.days.add((day, each))
            self.write(
                "INSERT INTO changed_day (day, creator, content) VALUES (:d, :c, :k)",
                d=day, c=self.facts.contents[each].creator, k=each,
            )  # fmt: skip

    # --- catalog

    def creator(self, id: str, region: str | None = None) -> None:
        self.facts.creators[id] = region
        self.write("INSERT INTO creator (id, name, region) VALUES (:i, :i, :r)", i=id, r=region)

    def product(self, id: str, seller: str, category: str) -> None:
        self.facts.products[id] = (seller, category)
        self.write("INSERT INTO seller (id, name) VALUES (:s, :s) ON CONFLICT DO NOTHING", s=seller)
        self.write(
            "INSERT INTO product (id, seller, title, category, price, currency) VALUES (:i, :s, :i, :c, 1, 'RUB')",
            i=id, s=seller, c=category,
        )  # fmt: skip

    def content(
        self, id: str, creator: str, at: datetime, kind: str = "video", region: str | None = None
    ) -> None:
        self.facts.contents[id] = Content(creator, kind, region, at)
        self.write(
            "INSERT INTO content (id, creator, kind, region, published_at) VALUES (:i, :c, :k, :r, :at)",
            i=id, c=creator, k=kind, r=region, at=at,
        )  # fmt: skip
        self.fact(at.astimezone(SETTINGS.zone).date(), id)

    def delete(self, id: str) -> None:
        known = self.facts.contents[id]
        known.deleted = known.deleted or self.now
        self.write(
            "UPDATE content SET deleted_at = coalesce(deleted_at, :at) WHERE id = :i", i=id, at=self.now
        )
        self.fact(known.published.astimezone(SETTINGS.zone).date(), id)

    def tag(self, content: str, product: str, since: datetime, until: datetime | None = None) -> None:
        self.facts.tags.append((content, product, (since, until)))
        self.write(
            "INSERT INTO product_tag (content, product, tagged_from, tagged_until) VALUES (:c, :p, :a, :b)",
            c=content, p=product, a=since, b=until,
        )  # fmt: skip

    def follow(self, creator: str, since: datetime, until: datetime | None = None) -> None:
        self.facts.follows.append((creator, (since, until)))
        self.write("INSERT INTO follow VALUES (:c, gen_random_uuid(), :a, :b)", c=creator, a=since, b=until)

    def like(self, content: str, since: datetime, until: datetime | None = None) -> None:
        self.facts.likes.append((content, (since, until)))
        self.write(
            "INSERT INTO content_like VALUES (:c, gen_random_uuid(), :a, :b)", c=content, a=since, b=until
        )

    # --- events

    def tally(
        self, content: str, day: date, views: int, qualified: int = 0, completes: int = 0, watch: int = 0
    ) -> None:
        was = self.facts.tallies.get((content, day), (0, 0, 0, 0))
        now = [max(0, a + b) for a, b in zip(was, (views, qualified, completes, watch), strict=True)]
        self.facts.tallies[content, day] = (now[0], now[1], now[2], now[3])
        self.write(
            "INSERT INTO tally_content_day (content, day, views, qualified_views, completes, watch_ms)"
            " VALUES (:c, :d, :v, :q, :f, :w) ON CONFLICT (content, day) DO UPDATE"
            " SET views = :v, qualified_views = :q, completes = :f, watch_ms = :w",
            c=content, d=day, v=now[0], q=now[1], f=now[2], w=now[3],
        )  # fmt: skip
        self.fact(day, content)

    def click(self, content: str, product: str, day: date, clicks: int) -> None:
        count = self.facts.clicks.get((content, product, day), 0) + clicks
        self.facts.clicks[content, product, day] = count
        self.write(
            "INSERT INTO tally_product_day VALUES (:c, :p, :d, :n) ON CONFLICT (content, day, product)"
            " DO UPDATE SET clicks = :n", c=content, p=product, d=day, n=count,
        )  # fmt: skip
        self.fact(day, content)

    def sale(
        self, order: str, product: str, contents: Sequence[str], at: datetime, micros: int, units: int = 1,
        currency: str = "RUB",
    ) -> None:  # fmt: skip
        day = at.astimezone(SETTINGS.zone).date()
        purchase = self.write(
            "INSERT INTO purchase (event_id, order_ref, product, quantity, amount, currency, occurred_at, day, batch_id)"
            " VALUES (:o, :o, :p, :u, :a, :cur, :at, :d, 1) RETURNING id",
            o=order, p=product, u=units, a=micros, cur=currency, at=at, d=day,
        )  # fmt: skip
        self.sales[order] = Sale(purchase, 1, [])
        seller, category = self.facts.products[product]
        blank = Share(
            order, product, "", False, 0, 0, 0, micros // units, category, seller, "", None, currency, at, day
        )
        self._attribute(self.sales[order], blank, contents, micros, units * 1_000_000)
        self._sold(order)

    def _attribute(self, sale: Sale, blank: Share, contents: Sequence[str], micros: int, units: int) -> None:
        for i, content in enumerate(contents):
            own = self.facts.contents[content]
            amount, part, orders = (_part(n, len(contents), i) for n in (micros, units, 1_000_000))
            share = replace(
                blank,
                content=content,
                amount=amount,
                units=part,
                orders=orders,
                kind=own.kind,
                region=own.region,
            )
            self._share(sale, None, sale.generation, share)
            sale.shares.append((None, share))

    def refund(self, order: str, micros: int, units: int = 0) -> None:
        sale, one = self.sales[order], self.sales[order].shares[0][1]
        number = self.write(
            "INSERT INTO refund (event_id, purchase_id, order_ref, product, amount, occurred_at, batch_id)"
            " VALUES (gen_random_uuid()::text, :p, :o, :q, :a, :at, 1) RETURNING id",
            p=sale.purchase, o=order, q=one.product, a=micros, at=self.now,
        )  # fmt: skip
        sale.refunds.append((number, micros, units))
        self._take_back(sale, number, micros)
        self._sold(order)

    def _take_back(self, sale: Sale, number: int, micros: int) -> None:
        """From each share what it has left, the first ones first: how a refund is split is not what is tried here."""
        for first in [share for id, share in sale.shares if id is None]:
            have = sum(s.amount for _, s in sale.shares if s.content == first.content)
            taken = min(have, micros)
            micros -= taken
            share = replace(first, refund=True, amount=-taken, units=0, orders=0)
            self._share(sale, number, sale.generation, share)
            sale.shares.append((number, share))

    def reattribute(self, order: str, contents: Sequence[str]) -> None:
        sale = self.sales[order]
        first = [share for id, share in sale.shares if id is None]
        for number, share in sale.shares:
            undone = replace(share, amount=-share.amount, units=-share.units, orders=-share.orders)
            self._share(sale, number, -sale.generation, undone)
        self._sold(order)
        sale.shares, sale.generation = [], sale.generation + 1
        gross, units = sum(share.amount for share in first), sum(share.units for share in first)
        self._attribute(sale, first[0], contents, gross, units)
        for number, micros, _ in sale.refunds:
            self._take_back(sale, number, micros)
        self._sold(order)

    def _share(self, sale: Sale, refund: int | None, generation: int, share: Share) -> None:
        self.facts.shares.append(share)
        creator = self.facts.contents[share.content].creator
        values = vars(share) | {"purchase": sale.purchase, "refund_id": refund, "generation": generation}
        self.write(_SHARE, creator=creator, **values)

    def _sold(self, order: str) -> None:
        sale = self.sales[order]
        self.write("INSERT INTO changed_purchase (purchase_id) VALUES (:p)", p=sale.purchase)
        self.fact(sale.shares[0][1].day, *{share.content for _, share in sale.shares})


def _part(whole: int, of: int, place: int) -> int:
    return whole // of + (place < whole % of)
