"""The world and its model side by side: every move is made in both, and both must answer and stand alike."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bounty_model import ENDED, MINIMUM, RATE, ClaimModel, Model, No
from bounty_world import SETTINGS, World
from sqlalchemy import text

from bounties.fees import set_fee
from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from rewards.seller_money import deposit_of_seller

PROOF = 40
CREATORS = ("c1", "c2", "c3", "c4")
_BOUNTIES = text("SELECT state, taken, fee, funded, released, returned FROM bounty ORDER BY id")
_CLAIMS = text(
    "SELECT bounty_id, creator, state, due_at, content, token, rounds, price, fee, bonus_state, bonus_from, bonus_until,"
    " bonus, ended_at IS NOT NULL FROM claim ORDER BY bounty_id, id"
)
_BOOKS = text(
    "SELECT code, currency, balance.balance * balance.normal FROM account JOIN balance ON account_id = account.id"
    " WHERE balance.balance <> 0"
)


class Pair:
    """The world and its model: every move is made in both."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.model, self.pick = world, Model(), random.Random(seed)
        self.ids: list[str] = []
        self.claims: list[tuple[str, ClaimModel]] = []
        self.withdrawals: list[list[Any]] = []
        self.steps = 0
        self.outcomes: set[str] = set()
        self.model.money["s1", "RUB"] = self.model.money["bank", "RUB"] = 20_000_000_000
        today = world.now.date()
        with transaction(world.engine) as session:
            for currency, least in MINIMUM.items():
                most = Money(10_000_000_000, currency)
                deposit_of_seller(session, "s1", most, None, "Faina", world.now, SETTINGS)
                self.model.money["s1", currency] += most.micros
                self.model.money["bank", currency] += most.micros
                least_fee = Money(least, currency)
                set_fee(session, today + timedelta(days=1), RATE, least_fee, "Faina", today, world.now)
        world.now += timedelta(days=1)

    def both(self, ours: Callable[..., Any], *args: Any, real: tuple[Any, ...], late: bool = False) -> Any:
        """The model's verb and the real one; the real one's answer, or None when both refused with one code."""
        verb, *given = real
        try:
            ours(*args)
            expected = "done"
        except No as no:
            expected = str(no)
        done = None
        try:
            with transaction(self.world.engine) as session:
                done = verb(session, *given)
            code = "done"
        except KopeckError as error:
            code = error.code
        assert code == expected, (verb.__name__, given)
        self.outcomes.add(f"{verb.__name__} {code}")
        if not late:
            self.agree()
        return done

    def agree(self) -> None:
        self.steps += 1
        with transaction(self.world.engine) as session:
            bounties = [tuple(row) for row in session.execute(_BOUNTIES)]
            claims = [tuple(row) for row in session.execute(_CLAIMS)]
            books = {(row[0], row[1]): row[2] for row in session.execute(_BOOKS)}
        assert bounties == [
            (b.state, b.taken, b.fee, b.funded, b.released, b.returned) for b in self.model.bounties
        ]
        assert claims == [
            (
                n, c.creator, c.state, c.due, c.content, c.token, c.rounds, c.price, c.fee, c.bonus_state, c.bonus_from,
                c.bonus_until, c.bonus, c.ended,
            )
            for n, b in enumerate(self.model.bounties, 1)
            for c in b.claims
        ]  # fmt: skip
        assert books == self.expected()
        assert all(b.held == 0 for b in self.model.bounties if b.state in ENDED)
        if self.steps % PROOF == 0:
            self.world.proved()

    def expected(self) -> dict[tuple[str, str], int]:
        """The books by the model: what is not zero."""
        named = {"fees": "income:fees:bounty", "s1": "liabilities:seller:s1:balance"}
        named |= {"transit": "liabilities:seller:s1:in_transit"}
        named |= {each: f"liabilities:creator:{each}:available" for each in CREATORS}
        books = {}
        for (who, currency), micros in self.model.money.items():
            books[named.get(who, f"assets:bank:manual:{currency}"), currency] = micros
        for id, b in zip(self.ids, self.model.bounties, strict=True):
            books[f"liabilities:bounty:{id}:escrow", b.currency] = b.held
        return {key: micros for key, micros in books.items() if micros}
