"""One seed's world: the service, Stripe, the bank, the people, the clock, and what was done so far."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sim_database import Database
from sim_stripe import Stripe

from core.database import transaction
from core.errors import KopeckError
from core.secrets import Vault
from core.settings import Settings
from jobs.job import Context

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PERSONS = ("anna", "boris", "carla", "dora")
Pause = tuple[str, int, Callable[[], bool]]  # before or after, which call, what happens; True: it was long


@dataclass
class World:
    """`said`: how the last thing that was asked for was answered; `earned`: what each creator was given, in micros."""

    seed: int
    database: Database
    stripe: Stripe
    vault: Vault
    settings: Settings
    bank: Any = None
    now: datetime = BEGIN
    step: int = 0
    said: str = ""
    pauses: list[Pause] = field(default_factory=list)
    calls: int = 0
    deep: bool = False
    posted: int = 0
    earned: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    done: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def clock(self) -> datetime:
        """Every look at the clock is a little later."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def jump(self, by: timedelta) -> None:
        self.now += by
        self.stripe.set_clock(self.now)

    def context(self, second: bool = False) -> Context:
        engine = self.database.second if second else self.database.first
        return Context(engine, self.settings, self.vault, self.clock)

    def ask(self, verb: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What a person asks of the service; None when it was refused."""
        try:
            with transaction(self.database.first) as session:
                answer = verb(session, *args, **options)
            self.said = "ok"
        except KopeckError as refused:
            self.said, answer = refused.code, None
        self.met[f"{verb.__name__} {self.said}"] += 1
        return answer

    def rows(self, query: str, **values: Any) -> list[Any]:
        return self.database.rows(query, values)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def person(self) -> str:
        return self.random.choice(PERSONS)

    def watch(self, when: str, method: str) -> bool:
        """Told of every call to Stripe: is this the one that something happens at?"""
        self.calls += when == "before"
        for pause in list(self.pauses):
            if pause[:2] == (when, self.calls):
                self.pauses.remove(pause)
                return pause[2]()
        return False
