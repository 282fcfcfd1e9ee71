"""Two people at once, on real connections: one wins, the books hold one entry."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from adjust_help import (
    BANK,
    LINE,
    NOW,
    POT,
    WRITEOFF,
    balances,
    book,
    by_hand,
    decide,
    fill,
    rows,
    told,
    turn,
)
from sqlalchemy import Engine

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.bulk import one_bulk_at_a_time
from ledger.post import credit, debit, post
from ledger.verify import verify

LARGE = ((BANK, "100000.01"), (WRITEOFF, "-100000.01"))


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What each was told; all begin together."""
    barrier = Barrier(len(acts))

    def begin(act: Callable[[], Any]) -> str:
        barrier.wait()
        return told(act)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))


def clean(engine: Engine) -> bool:
    with transaction(engine) as session:
        return verify(session) == []


def test_of_ten_approvals_at_once_one_posts(engine: Engine) -> None:
    made = by_hand(engine, *LARGE)
    people = [f"P{n}" for n in range(10)]
    done = at_once(*(lambda who=who: decide(engine, made.id, person=who) for who in people))
    assert sorted(done) == ["adjustment_decided"] * 9 + ["posted"]
    assert rows(engine)["entry"] == 1
    assert clean(engine)


def test_approve_against_reject_one_wins(engine: Engine) -> None:
    won = []
    for n in range(50):
        made = by_hand(engine, *LARGE)
        verbs = ("approve", "reject") if n % 2 else ("reject", "approve")
        done = at_once(*(lambda verb=verb, id=made.id: decide(engine, id, verb) for verb in verbs))
        assert done.count("adjustment_decided") == 1, done
        won += [each for each in done if each != "adjustment_decided"]
    assert len(won) == 50 and set(won) <= {"posted", "rejected"}
    assert rows(engine)["entry"] == won.count("posted")
    assert clean(engine)


def test_of_ten_reversals_at_once_one_posts(engine: Engine) -> None:
    fill(engine)
    for n in range(5):
        entry = book(engine, f"w{n}", "start", (WRITEOFF, "1.00"), (POT, "-1.00"))
        done = at_once(*[lambda entry=entry: turn(engine, entry)] * 10)
        assert sorted(done) == ["already_reversed"] * 9 + ["posted"]
    assert balances(engine, WRITEOFF, POT) == ["0.00", "10.00"]
    assert rows(engine)["adjustment"] == 5
    assert clean(engine)


def test_two_proposed_reversals_of_one_entry_approved_at_once(engine: Engine) -> None:
    entry = book(engine, "w", "start", *LARGE)
    first, second = turn(engine, entry), turn(engine, entry)
    done = at_once(lambda: decide(engine, first.id), lambda: decide(engine, second.id))
    assert sorted(done) == ["already_reversed", "posted"]
    assert balances(engine, BANK) == ["0.00"]


def test_a_line_of_sixty_gives_sixty(engine: Engine) -> None:
    book(engine, "fill", "start", (BANK, "60.00"), (LINE, "-60.00"))
    done = at_once(*[lambda: by_hand(engine, (LINE, "5.00"), (BANK, "-5.00"))] * 20)
    assert sorted(done) == ["insufficient_funds"] * 8 + ["posted"] * 12
    assert balances(engine, LINE) == ["0.00"]
    assert clean(engine)


def test_entries_of_many_accounts_and_entries_by_hand_do_not_deadlock(engine: Engine) -> None:
    """A job's transaction holds creators' balances of its first entry while it waits for those of its second; an
    entry by hand over the same creators, in whatever order, must not close the ring."""
    pots = [accounts.creator(f"c{n}", "available") for n in range(4)]
    for n, pot in enumerate(pots):
        book(engine, f"open{n}", "start", (BANK, "1000.00"), (pot, "-1000.00"))
    one = Money.parse("0.01", "RUB")

    def bulk(n: int) -> str:
        with transaction(engine) as session:
            one_bulk_at_a_time(session)
            for step, pot in enumerate(pots):
                legs = [debit(pot, one), credit(BANK, one)]
                post(session, key=f"b{n}:{step}", kind="start", effective_on=NOW.date(), legs=legs)
        return "posted"

    def hand(n: int) -> str:
        pairs = [(pots[n % 4], "0.01"), (pots[(n + 1) % 4], "-0.01")]
        return told(by_hand, engine, *pairs)

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda n: bulk(n) if n % 2 else hand(n), range(160)))
    assert set(done) == {"posted"}
    assert clean(engine)
