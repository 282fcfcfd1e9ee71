"""A small marketplace written straight into the tables, and a plain Python model of what its creators are owed."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from core.settings import Settings, load_settings
from formula import compile_formula, to_micros
from jobs.checks import CHECKS
from ledger.balances import natural, trial_totals
from ledger.verify import run_checks
from rewards.accrue import accrue
from rewards.activate import activate_version
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line
from rewards.price import price
from rewards.programs import NewProgram, create_program
from rewards.release import release
from rewards.versions import draft_version

SETTINGS = load_settings({"KOPECK_HOME": "/nonexistent"})
START = date(2026, 11, 1)


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


@dataclass
class World:
    engine: Engine
    now: datetime
    settings: Settings = SETTINGS
    shares: dict[str, dict[str, Any]] = field(default_factory=dict)

    def sql(self, statement: str, **values: Any) -> Any:
        with transaction(self.engine) as session:
            return session.execute(text(statement), values)

    def creators(self, *ids: str) -> None:
        for each in ids:
            self.sql("INSERT INTO creator (id, name) VALUES (:id, :id)", id=each)

    def content(self, id: str, creator: str, day: date = START) -> None:
        self.sql(
            "INSERT INTO content (id, creator, kind, published_at) VALUES (:id, :creator, 'video', :at)",
            id=id, creator=creator, at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )  # fmt: skip
        self.sql(
            "INSERT INTO changed_day (day, creator, content) VALUES (:d, :c, :k)", d=day, c=creator, k=id
        )

    def tally(self, content: str, day: date, views: int = 0, clicks: int = 0) -> None:
        self.sql(
            "INSERT INTO tally_content_day (content, day, views) VALUES (:c, :d, :n) ON CONFLICT (content, day)"
            " DO UPDATE SET views = tally_content_day.views + :n", c=content, d=day, n=views,
        )  # fmt: skip
        self.sql(
            "INSERT INTO tally_product_day (content, product, day, clicks) VALUES (:c, 'p', :d, :n)"
            " ON CONFLICT (content, day, product) DO UPDATE SET clicks = tally_product_day.clicks + :n",
            c=content, d=day, n=clicks,
        )  # fmt: skip
        self._changed(content, day)

    def _changed(self, content: str, day: date) -> None:
        self.sql(
            "INSERT INTO changed_day (day, creator, content) SELECT :day, creator, id FROM content WHERE id = :c",
            day=day, c=content,
        )  # fmt: skip

    def sale(
        self, order: str, content: str, day: date, amount: str, category: str = "home", hour: int = 9
    ) -> None:
        at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        micros = Money.parse(amount, "RUB").micros
        with transaction(self.engine) as session:
            purchase = session.scalar(
                text(
                    "INSERT INTO purchase (event_id, order_ref, product, quantity, amount, currency, occurred_at, day, batch_id)"
                    " VALUES (:o, :o, 'p', 1, :a, 'RUB', :at, :d, 1) RETURNING id"
                ),
                {"o": order, "a": micros, "at": at, "d": day},
            )
            self.shares[order] = {
                "purchase": purchase,
                "content": content,
                "day": day,
                "amount": micros,
                "taken": 0,
            }
            self._share(session, order, None, micros, 1_000_000, category, at)
        self._changed(content, day)

    def refund(self, order: str, amount: str) -> None:
        known = self.shares[order]
        micros = Money.parse(amount, "RUB").micros
        with transaction(self.engine) as session:
            number = session.scalar(
                text(
                    "INSERT INTO refund (event_id, purchase_id, order_ref, product, amount, occurred_at, batch_id)"
                    " VALUES (gen_random_uuid()::text, :p, :o, 'p', :a, now(), 1) RETURNING id"
                ),
                {"p": known["purchase"], "o": order, "a": micros},
            )
            self._share(session, order, number, -micros, 0, "home", datetime.now(UTC))
        known["taken"] += micros
        self._changed(known["content"], known["day"])

    def _share(
        self,
        session: Any,
        order: str,
        refund: int | None,
        amount: int,
        units: int,
        category: str,
        at: datetime,
    ) -> None:
        known = self.shares[order]
        session.execute(
            text(
                "INSERT INTO share (purchase_id, policy, refund_id, content, creator, product, seller, category, kind, price,"
                " amount, units, orders, currency, occurred_at, day) SELECT :p, 'default', :r, id, creator, 'p', 's', :cat,"
                " kind, 1000000, :a, :u, :u, 'RUB', :at, :d FROM content WHERE id = :c"
            ),
            {"p": known["purchase"], "r": refund, "c": known["content"], "a": amount, "u": units, "at": at,
             "d": known["day"], "cat": category},
        )  # fmt: skip
        session.execute(
            text("INSERT INTO changed_purchase (purchase_id) VALUES (:p)"), {"p": known["purchase"]}
        )

    def fund(self, line: str = "10000.00", per: str = "once") -> None:
        with transaction(self.engine) as session:
            create_fund(session, "main", "Main", rub("1000000.00"))
            deposit_money(session, "main", rub("1000000.00"), None, "fin", self.now, self.settings)
            create_line(session, "main", "l", "all", rub(line), per, True, self.now, self.settings)

    def program(
        self,
        rules: list[dict[str, Any]],
        id: str = "prog",
        hold: int = 0,
        open_to: str = "all",
        since: date = START,
        sellers: bool = False,
        **more: Any,
    ) -> None:
        """A program with its first version; `more` are fields of NewProgram."""
        pays = {} if sellers else {"fund": "main", "line": "l"}
        new = NewProgram(id=id, name=id, currency="RUB", hold_days=hold, open=open_to, **(pays | more))
        with transaction(self.engine) as session:
            create_program(session, new)
        self.version(rules, since, id)

    def version(self, rules: list[dict[str, Any]], since: date, id: str = "prog") -> int:
        """A further version, activated. Its number."""
        with transaction(self.engine) as session:
            made = draft_version(session, id, since, rules, "op")
            warned = ("pool_above_allocation",)
            activate_version(session, id, made.number, "op", self.now, self.settings, warned)
        return made.number

    def run(self) -> int:
        """Price, accrue and release until nothing is left; the books must be proved afterwards."""
        done = 0
        while found := self._pass():
            done += found
        with transaction(self.engine) as session:
            assert [each for each in run_checks(session, CHECKS) if each.halts] == []
            assert all(total == 0 for total, _ in trial_totals(session).values())
        return done

    def _pass(self) -> int:
        done = 0
        for step in (
            lambda s: price(s, self.now, self.settings),
            lambda s: accrue(s, self.now, self.settings),
            lambda s: release(s, self.now),
        ):
            with transaction(self.engine) as session:
                done += step(session)
        return done

    def balance(self, account: str) -> str:
        codes = {"line": "liabilities:fund:main:line:l", "unallocated": "liabilities:fund:main:unallocated"}
        code = codes.get(account, f"liabilities:creator:{account}")
        with transaction(self.engine) as session:
            return natural(session, [code], "RUB")[code].amount

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)


def owed_for_sale(formula: str, amount: int, taken: int, category: str = "home") -> int:
    """The model: the uncapped reward of the whole share, then what refunds left of it, rounded half up once."""
    values = {"amount": Decimal(amount).scaleb(-6), "quantity": 1, "price": 1, "category": category}
    made = compile_formula(formula, "sale")
    original, _ = to_micros(made.value({name: values[name] for name in made.names}))  # type: ignore[arg-type]
    left = Decimal(original) * (amount - taken) / amount
    return int(left.quantize(Decimal(1), ROUND_HALF_UP))
