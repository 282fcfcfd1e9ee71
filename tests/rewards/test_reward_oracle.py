"""Facts, prices, accruals, releases and time in any order give what the plain model gives, to the last micro."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from reward_market import DAY, SETTINGS, Market, OracleRule
from sqlalchemy import Engine

FIRST = date(2026, 11, 26)
CREATORS = ["a", "b", "c", "d"]
AMOUNTS = {
    "sale": ["amount * 5%", "graduated(amount, 50: 7%, 3.3333%) + 0.1", "3", "quantity * price * 1.1%"],
    "content_day": ["0.002 * views + 0.01 * clicks", "watch_hours * 1.37 + likes", "net_sales * 2% + posts"],
    "product_day": ["clicks * 0.3 + 0.5", "conversion * 7 + units", "sales * 1.3333% + views * 0.001"],
    "creator_day": [
        "posts * 2 + followers",
        "volume(views, 1000: 0.001, 0.0005)",
        "orders * 1.1 - refunds * 1%",
    ],
    "creator_month": ["views * 0.0003 + posts", "net_sales * 0.3333%"],
}
WHERES = {
    "sale": ["category = 'home'", "region in ('ru', 'kz')"],
    "content_day": ["kind = 'video'", "ctr > 0.01"],
    "product_day": ["category != 'home'", "seller = 's1'"],
    "creator_day": ["region = 'ru'", "views > 100"],
    "creator_month": ["posts >= 1"],
}  # fmt: skip
SCOPES = ["creator_day", "creator_month", "program_day", "program_month"]


class Story:
    """Random rules, then random steps."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.chance = random.Random(seed)
        self.market = Market(engine, datetime(2026, 11, 26, 9, tzinfo=UTC))
        self.orders = 0
        self._catalog()
        self._programs()

    def _catalog(self) -> None:
        m, pick = self.market, self.chance.choice
        for each in CREATORS:
            m.creator(each, pick(["ru", "kz", None]))
        for number in range(4):
            m.product(f"p{number}", f"s{number % 2}", pick(["home", "toys"]))
        for each in CREATORS:
            for number in range(2):
                m.content(
                    f"{each}{number}", each, self.moment(), pick(["video", "image"]), pick(["ru", None])
                )
        m.fund("main", "RUB", l="150.00", k="40.00")
        m.fund("far", "USD", l="9000.00")
        for seller in ("s0", "s1"):
            m.top_up(("seller", f"{seller}/RUB"), 30_000_000)

    def _programs(self) -> None:
        m = self.market
        m.program("wide", "main/l", hold=2, protection=3)
        m.program("circle", "main/k", hold=self.chance.randrange(2), open_to="applications", protection=4)
        m.program("shops", None, hold=1, protection=3)
        m.program("abroad", "far/l", currency="USD")
        for each in m.programs:
            self.version(each, FIRST)

    def version(self, program: str, since: date) -> None:
        pick = self.chance.choice
        grains = ["sale", "product_day"] if self.market.programs[program].line is None else list(AMOUNTS)
        rules = []
        for number, grain in enumerate([*self.chance.sample(grains, min(len(grains), 3)), "sale"]):
            most = (self.chance.choice(SCOPES), self.chance.randrange(1, 20) * 1_000_000)
            more = (self.chance.choice(SCOPES), self.chance.randrange(1, 20) * 1_000_000)
            caps = tuple(dict([most, more][: self.chance.randrange(3)]).items())
            short = pick(["wait", "prorate"]) if program == "circle" else "wait"
            where = pick([None, *WHERES[grain]])
            rules.append(OracleRule(0, f"r{number}", grain, pick(AMOUNTS[grain]), where, caps, short))
        self.market.version(program, since, *rules)

    def day(self) -> date:
        last = self.market.now.astimezone(SETTINGS.zone).date()
        return FIRST + self.chance.randrange((last - FIRST).days + 1) * DAY

    def moment(self) -> datetime:
        """Not after now; often to the microsecond at a day's edge."""
        start = datetime.combine(self.day(), datetime.min.time(), SETTINGS.zone)
        at = start + self.chance.choice([timedelta(0), timedelta(microseconds=-1), timedelta(hours=self.chance.random() * 24)])  # fmt: skip
        return min(max(at, datetime.combine(FIRST, datetime.min.time(), SETTINGS.zone)), self.market.now)

    def content(self) -> str:
        return self.chance.choice(sorted(self.market.facts.contents))

    def product(self) -> str:
        return self.chance.choice(sorted(self.market.facts.products))

    def sale(self) -> None:
        self.orders += 1
        contents = self.chance.sample(sorted(self.market.facts.contents), self.chance.choice([1, 1, 2, 3]))
        micros = self.chance.choice([0, 1, 10_000_000, self.chance.randrange(200_000_000)])
        currency = self.chance.choice(["RUB", "RUB", "RUB", "USD"])
        units = self.chance.randrange(1, 4)
        self.market.sale(f"o{self.orders}", self.product(), contents, self.moment(), micros, units, currency)

    def refund(self) -> None:
        open_ones = [order for order, sale in self.market.sales.items() if sale.left]
        if open_ones:
            order = self.chance.choice(open_ones)
            left = self.market.sales[order].left
            self.market.refund(order, self.chance.choice([left, self.chance.randrange(1, left + 1)]))

    def reattribute(self) -> None:
        if self.market.sales:
            contents = self.chance.sample(sorted(self.market.facts.contents), self.chance.choice([1, 2]))
            self.market.reattribute(self.chance.choice(sorted(self.market.sales)), contents)

    def tally(self) -> None:
        few = [self.chance.randrange(-50, 400) for _ in range(3)]
        self.market.tally(self.content(), self.day(), *few, watch=self.chance.randrange(20_000_000))

    def click(self) -> None:
        self.market.click(self.content(), self.product(), self.day(), self.chance.randrange(1, 30))

    def tag(self) -> None:
        content, product = self.content(), self.product()
        if not any((c, p) == (content, product) for c, p, _ in self.market.facts.tags):
            self.market.tag(
                content, product, self.market.now, self.chance.choice([None, self.market.now + DAY / 3])
            )

    def person(self) -> None:
        """Somebody follows, likes, deletes a content, joins or leaves: all of it now."""
        m, creator = self.market, self.chance.choice(CREATORS)
        standing = any((c, i[1]) == (creator, None) for _, c, i in m.facts.members)
        end = self.chance.choice([None, m.now + self.chance.randrange(1, 40) * timedelta(hours=1)])
        deeds: list[Callable[[], None]] = [
            lambda: m.follow(creator, m.now, end),
            lambda: m.like(self.content(), m.now, end),
            lambda: m.leave("circle", creator) if standing else m.join("circle", creator),
        ]
        self.chance.choice(deeds)()

    def appear(self) -> None:
        m, number = self.market, len(self.market.facts.contents)
        if number < 14:
            m.content(f"n{number}", self.chance.choice(CREATORS), self.moment())
        elif number == 14:
            m.delete(self.content())

    def activate(self) -> None:
        program = self.chance.choice(sorted(self.market.programs))
        known = self.market.programs[program].versions
        since = self.market.now.astimezone(SETTINGS.zone).date() + self.chance.randrange(1, 3) * DAY
        if len(known) < 3 and since > known[-1][0]:
            self.version(program, since)

    def top_up(self) -> None:
        payer = self.chance.choice(sorted(self.market.payers))
        if payer != ("line", "far/l"):
            self.market.top_up(payer, self.chance.randrange(1, 40_000_000))

    def pass_on(self) -> None:
        self.market.later(hours=self.chance.choice([1, 5, 11, 24]))

    def step(self) -> None:
        few = self.chance.randrange(1, 9)
        steps: list[tuple[int, Callable[[], object]]] = [
            (14, self.sale), (6, self.refund), (3, self.reattribute), (8, self.tally), (5, self.click), (3, self.tag),
            (5, self.person), (2, self.appear), (3, self.activate), (3, self.top_up), (9, self.pass_on),
            (6, lambda: self.market.price(few)), (6, lambda: self.market.accrue(few)), (3, lambda: self.market.release(few)),
            (2, self.market.settle),
        ]  # fmt: skip
        weights = [weight for weight, _ in steps]
        self.chance.choices([each for _, each in steps], weights)[0]()


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_facts_and_work_gives_what_the_model_gives(engine: Engine, seed: int) -> None:
    story = Story(engine, 20261126 + seed)
    for _ in range(60):
        story.step()
    story.market.settle()
    story.market.later(days=40)
    story.market.settle()
