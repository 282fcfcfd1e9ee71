"""Whatever is asked of the door, in whatever order: the books say what a few dictionaries say.

Every example lives in a year and in accounts of its own, in one database, with real commits. Closing is global: a later
example's year is above every day that an earlier one closed.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_machine import CURRENCIES, DAYS, WATERMARK, Books
from ledger_model import Request, opposite
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import KopeckError
from ledger.close import close_period
from ledger.verify import verify

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OUTCOMES = (
    *("posted", "replayed", "unbalanced_entry", "unknown_account"),
    *("key_reused", "already_exists", "insufficient_funds"),
)
NONSENSE = "liabilities:nonsense"
places = st.integers(0, 9)
days = st.integers(0, DAYS - 1)
amounts = st.one_of(st.integers(-9, 9), st.integers(-(10**15), 10**15))
keys = st.integers(0, 11)
legs = st.one_of(
    st.lists(st.tuples(places, amounts), min_size=1, max_size=4),
    st.lists(st.tuples(places, amounts), min_size=5, max_size=29),
)


class Machine(Books):
    """What may be asked, in any order."""

    @rule(currency=st.sampled_from(CURRENCIES), day=days, amount=st.integers(1, 10**15), to=st.integers(0, 6))
    def fill(self, currency: str, day: int, amount: int, to: int) -> None:
        """Money from a bank: what has a floor may be spent from then on."""
        key = len(self.model.entries) + 100
        self.post(self.request(key, currency, day, [(to, -amount)], 9))

    @rule(
        key=keys,
        currency=st.sampled_from(CURRENCIES),
        day=days,
        drawn=legs,
        last=places,
        note=st.sampled_from((None, "", "a | note", "§ ‘quoted’ \\")),
        least=st.lists(st.tuples(places, st.integers(-1, 1)), max_size=2, unique_by=lambda pair: pair[0]),
    )
    def entry(
        self,
        key: int,
        currency: str,
        day: int,
        drawn: list[tuple[int, int]],
        last: int,
        note: str | None,
        least: list[tuple[int, int]],
    ) -> None:
        """Anything under a key that may be taken: posted, replayed, refused, or a conflict. Conditions lie at the edge."""
        asked = self.request(key, currency, day, drawn, last)
        conditions = []
        for place, more in least:
            code = self.code(place, currency)
            conditions.append((code, self.model.natural((code, currency), asked.net.get(code, 0)) + more))
        self.post(replace(asked, note=note, at_least=tuple(conditions)))

    @rule(key=keys, drawn=legs, last=places, off=amounts.filter(bool), unknown=st.booleans())
    def nonsense(self, key: int, drawn: list[tuple[int, int]], last: int, off: int, unknown: bool) -> None:
        """Not balanced, or to an account that no chart knows."""
        asked = self.request(key, "RUB", 0, drawn, last, 0 if unknown else off)
        more = ((NONSENSE, 7), (asked.legs[0][0], -7)) if unknown else ()
        self.post(replace(asked, legs=(*asked.legs, *more)))

    @precondition(lambda self: self.model.entries)
    @rule(pick=st.integers(0, 9), change=st.sampled_from(("", "", "kind", "day", "note", "legs", "currency")))
    def again(self, pick: int, change: str) -> None:
        """A key's own content, its legs in another order and in pieces; or another content under the key."""
        old = self.entry_of(pick)
        pieces = tuple(piece for code, amount in old.legs for piece in ((code, amount - 3), (code, 3)))
        changed: dict[str, Callable[[], Request]] = {
            "": lambda: replace(old, legs=pieces[::-1]),
            "kind": lambda: replace(old, kind="another"),
            "day": lambda: replace(old, day=old.day + timedelta(1)),
            "note": lambda: replace(old, note=f"{old.note}+"),
            "legs": lambda: replace(old, legs=tuple((code, -amount) for code, amount in old.legs)),
            "currency": lambda: replace(old, currency={"RUB": "USD"}.get(old.currency, "RUB")),
        }
        asked = changed[change]()
        if change == "currency" and any(code.startswith("assets:") for code, _ in old.legs):
            asked = replace(asked, currency=old.currency, kind="another")
        self.post(asked)

    @precondition(lambda self: self.model.entries)
    @rule(pick=st.integers(0, 2), day=days)
    def correct(self, pick: int, day: int) -> None:
        """An entry is taken back by its opposite, once."""
        old = self.entry_of(pick)
        self.post(opposite(old, f"{old.key}/back{day % 2}", self.day(day), old.legs))

    @rule(
        steps=st.lists(
            st.tuples(
                keys, days, st.lists(st.tuples(places, amounts), min_size=1, max_size=5), st.booleans()
            ),
            min_size=1,
            max_size=5,
        ),
        last=places,
        commit=st.booleans(),
    )
    def several(
        self, steps: list[tuple[int, int, list[tuple[int, int]], bool]], last: int, commit: bool
    ) -> None:
        """Several entries in one transaction, some inside savepoints that are taken back; or all of it is."""
        before, ids = self.model.copy(), dict(self.ids)
        with ExitStack() as stack:
            session = stack.enter_context(Session(self.engine))
            for key, day, drawn, kept in steps:
                inside, known = self.model.copy(), dict(self.ids)
                point = session.begin_nested()
                self.both(session, self.request(key, "RUB", day, drawn, last))
                if kept:
                    point.commit()
                else:
                    point.rollback()
                    self.model, self.ids = inside, known
            if commit:
                session.commit()
        if not commit:
            self.model, self.ids = before, ids

    @precondition(lambda self: self.model.entries and len(self.closings) < 4)
    @rule(day=days)
    def close(self, day: int) -> None:
        through = self.day(day)
        with transaction(self.engine) as session:
            if self.model.closed and through <= self.model.closed:
                with pytest.raises(KopeckError, match="closed already"):
                    close_period(session, through.isoformat(), "me", date.max, NOW)
                return
            close_period(session, through.isoformat(), "me", date.max, NOW)
        self.model.closed = through
        for number in range(day + 1):
            self.closings.setdefault(self.day(number), dict(self.model.on(self.day(number))))

    @precondition(lambda self: len(self.watermarks) < 4)
    @rule()
    def mark(self) -> None:
        with transaction(self.engine) as session:
            n = session.scalar(WATERMARK)
        assert n is not None
        self.watermarks[n] = self.model.versions()

    @rule(day=st.integers(-1, DAYS + 1))
    def look_back_to_a_day(self, day: int) -> None:
        self.as_of(self.day(day))


def test_the_door_does_what_the_model_does(engine: Engine) -> None:
    outcomes: Counter[str] = Counter()
    machine = type("Told", (Machine,), {"engine": engine, "numbers": count(), "outcomes": outcomes})
    profile = settings(
        max_examples=30,
        stateful_step_count=30,
        derandomize=True,
        deadline=None,
        database=None,
        print_blob=False,
    )
    run_state_machine_as_test(machine, settings=profile)
    with transaction(engine) as session:
        assert verify(session) == []
    assert outcomes["posted"] > 100 and all(outcomes[each] for each in OUTCOMES), (
        "what never came proves nothing"
    )
