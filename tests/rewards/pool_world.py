"""A market with pools, and the plain Python model of how one is split."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from reward_world import World, rub
from sqlalchemy import Engine, text

from core.database import transaction
from rewards.pool import split_pools
from rewards.price import price

CONTENTS = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "d1": "d"}
# Amounts and weights as what they are, whole numbers and ratios of such.
Weights = Mapping[str, int | Fraction]


def split_model(pool: int, weights: Weights, top: int | None = None) -> dict[str, int]:
    """Largest remainder; ties of the remainder and of the top to the key whose bytes come first."""
    taking = sorted(
        (key for key in weights if weights[key] > 0), key=lambda key: (-weights[key], key.encode())
    )
    taking = taking[:top]
    whole = Fraction(sum(weights[key] for key in taking))
    exact = {key: pool * weights[key] / whole for key in taking}
    parts = {key: int(exact[key]) for key in taking}
    by_rest = sorted(taking, key=lambda key: (parts[key] - exact[key], key.encode()))
    for key in by_rest[: pool - sum(parts.values())]:
        parts[key] += 1
    return parts


def pool(
    amount: str, per: str = "day", weight: str = "views", grain: str = "creator_day", top: int | None = None,
    name: str = "bonus", **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A pool rule as it is drafted."""
    shared = {"amount": rub(amount), "per": per, "weight": weight} | ({"top": top} if top else {})
    return {"name": name, "grain": grain, "pool": shared} | more


class PoolWorld(World):
    """Facts are in before pools are split, as the jobs leave them: priced, attributed, counted."""

    def in_(self) -> None:
        self.sql(
            "INSERT INTO attribution (purchase_id, policy, outcome) SELECT id, 'default', 'click' FROM purchase"
            " ON CONFLICT DO NOTHING"
        )
        self.sql("UPDATE tally_content_day SET stale = false WHERE stale")
        self.sql(
            "UPDATE purchase p SET refunded = (SELECT coalesce(sum(amount), 0) FROM refund WHERE purchase_id = p.id)"
        )
        with transaction(self.engine) as session:
            price(session, self.now, self.settings)

    def split(self) -> int:
        """All that is final and whose facts are in."""
        with transaction(self.engine) as session:
            return split_pools(session, self.now, self.settings, limit=1000)

    def split_once(self) -> int:
        """The oldest of it."""
        with transaction(self.engine) as session:
            return split_pools(session, self.now, self.settings)

    def pools_until(self, day: date) -> None:
        """From this day a version without pools is in force: tests that need few periods are quick."""
        now, self.now = self.now, datetime(2026, 11, 2, tzinfo=UTC)
        self.version([{"name": "none", "grain": "sale", "amount": "0"}], day)
        self.now = now

    def at(self, day: date, hour: int = 2) -> None:
        """It is this hour of a day; the attribution delay of an hour after midnight is over at two."""
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=self.settings.zone)

    def final(self, last: date) -> None:
        """The first moment at which a period that ended on this day is final."""
        self.at(last + timedelta(days=1 + self.settings.late_days), hour=1)

    def owed(self, rule: str = "bonus", day: date | None = None) -> dict[str, int]:
        """Targets by key."""
        rows = self.sql(
            "SELECT t.key, t.target FROM reward_target t JOIN rule r ON r.id = t.rule_id WHERE r.name = :rule"
            " AND (CAST(:day AS date) IS NULL OR t.day = :day)", rule=rule, day=day,
        )  # fmt: skip
        return {row.key: row.target for row in rows}

    def sql(self, statement: str, **values: Any) -> Any:
        with transaction(self.engine) as session:
            found = session.execute(text(statement), values)
            return found.all() if found.returns_rows else None


def four_creators(engine: Engine) -> PoolWorld:
    """A fund, a product, and five contents of four creators; on the tenth of November."""
    made = PoolWorld(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators(*"abcd")
    for content, creator in CONTENTS.items():
        made.content(content, creator)
    made.sql("INSERT INTO seller (id, name) VALUES ('s', 'S')")
    made.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'P', 'home', 1, 'RUB')"
    )
    made.fund()
    return made


def views(world: PoolWorld, day: date, **by: int) -> None:
    for content, count in by.items():
        world.tally(content, day, views=count)


def day(number: int) -> date:
    return date(2026, 11, number)
