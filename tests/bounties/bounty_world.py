"""A seller with money, creators with contents, and the books proved after every step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bounties.bonus import settle_bonuses
from bounties.close import close_due
from bounties.draft import draft_bounty
from bounties.find import Bounty, bounty_of, find_bounty
from bounties.open import due_openings, open_bounty, open_due
from bounties.overdue import approve_by_silence, end_rejections, expire_claims
from bounties.submit import submit_content
from bounties.take import claim_slot
from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from core.settings import load_settings
from jobs.checks import CHECKS
from ledger import accounts
from ledger.balances import natural, trial_totals
from ledger.verify import run_checks
from rewards.seller_money import deposit_of_seller

SETTINGS = replace(load_settings({"KOPECK_HOME": "/nonexistent"}), late_days=1)
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def terms(now: datetime, **changes: Any) -> dict[str, Any]:
    """Three slots of 5,000.00 without a bonus; amounts in micros."""
    given = {
        "product": "p1", "title": "Kettle", "brief": "A video with my kettle", "currency": "RUB",
        "price": rub("5000.00").micros, "slots": 3, "deadline": now + timedelta(days=10), "opens_at": None,
        "submit_hours": 48, "review_hours": 72, "rounds": 1, "regions": None, "min_followers": 0, "categories": None,
        "invited": None, "bonus_formula": None, "bonus_days": 0, "bonus_max": 0, "token_required": False,
        "contract": None,
    }  # fmt: skip
    assert not changes.keys() - given.keys()
    return given | changes


@dataclass
class World:
    """Each step is a transaction of its own, followed by a proof of the books."""

    engine: Engine
    now: datetime = START
    contents: int = 0

    def do(self, verb: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with transaction(self.engine) as session:
            done = verb(session, *args, **options)
        self.proved()
        return done

    def refused(self, verb: Callable[..., Any], *args: Any, **options: Any) -> str:
        with pytest.raises(KopeckError) as caught, transaction(self.engine) as session:
            verb(session, *args, **options)
        self.proved()
        return caught.value.code

    def sql(self, statement: str, **values: Any) -> Any:
        with transaction(self.engine) as session:
            return session.execute(text(statement), values)

    def proved(self) -> None:
        with transaction(self.engine) as session:
            assert [each for each in run_checks(session, CHECKS) if each.halts] == []
            assert all(total == 0 for total, _ in trial_totals(session).values())

    def balance(self, code: str, currency: str = "RUB") -> str:
        with transaction(self.engine) as session:
            return natural(session, [code], currency)[code].amount

    def seller(self) -> str:
        return self.balance(accounts.seller_balance("s1"))

    def creator(self, creator: str) -> str:
        return self.balance(accounts.creator(creator, "available"))

    def escrow(self, bounty: Bounty) -> str:
        return self.balance(accounts.bounty_escrow(bounty.id))

    def fees(self) -> str:
        return self.balance(accounts.fee_income("bounty"))

    def look(self, bounty: Bounty) -> Bounty:
        with transaction(self.engine) as session:
            return bounty_of(find_bounty(session, bounty.id))

    def content(self, creator: str, *, product: str | None = "p1") -> str:
        """A new content of a creator's, published now, with the product tagged."""
        self.contents += 1
        name = f"k{self.contents}"
        self.sql(
            "INSERT INTO content (id, creator, kind, published_at) VALUES (:k, :c, 'video', :at)",
            k=name, c=creator, at=self.now,
        )  # fmt: skip
        if product:
            self.sql(
                "INSERT INTO product_tag (content, product, tagged_from) VALUES (:k, :p, :at)",
                k=name, p=product, at=self.now,
            )  # fmt: skip
        return name

    def opened(self, **changes: Any) -> Bounty:
        made = self.do(draft_bounty, "s1", terms(self.now, **changes), self.now, SETTINGS)
        return self.do(open_bounty, made.id, "s1", self.now, SETTINGS)  # type: ignore[no-any-return]

    def claimed(self, bounty: Bounty, creator: str) -> str:
        return self.do(claim_slot, bounty.id, creator, creator, self.now).id  # type: ignore[no-any-return]

    def submitted(self, bounty: Bounty, creator: str) -> str:
        claim = self.claimed(bounty, creator)
        self.do(submit_content, claim, creator, self.content(creator), None, creator, self.now)
        return claim

    def pass_time(self, **delta: float) -> None:
        """Time goes on, and every job looks."""
        self.now += timedelta(**delta)
        with transaction(self.engine) as session:
            due = due_openings(session, self.now)
        for key in due:
            self.do(open_due, key, self.now, SETTINGS)
        for job in (close_due, expire_claims, approve_by_silence, end_rejections, settle_bonuses):
            self.do(job, self.now, SETTINGS)


def build(engine: Engine) -> World:
    world = World(engine)
    world.sql("INSERT INTO seller (id, name) VALUES ('s1', 'Shop'), ('s2', 'Other')")
    world.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES"
        " ('p1', 's1', 'Kettle', 'home', 1000000, 'RUB'), ('p2', 's2', 'Cup', 'home', 1000000, 'RUB')"
    )
    for each in ("c1", "c2", "c3", "c4"):
        world.sql("INSERT INTO creator (id, name, region) VALUES (:id, :id, 'RU-MOW')", id=each)
    with transaction(engine) as session:
        deposit_of_seller(session, "s1", rub("20000.00"), None, "Faina", world.now, SETTINGS)
    return world
