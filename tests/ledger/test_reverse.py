"""Reversals: the opposite of an entry, once, by whom it may be, and not of what a domain answers for."""

from datetime import date

import pytest
from adjust_help import (
    GIFT,
    LINE,
    NOW,
    POT,
    SETTINGS,
    WRITEOFF,
    balances,
    book,
    by_hand,
    clean,
    decide,
    entry_of,
    fill,
    rows,
    told,
    turn,
)
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Refused
from core.ids import public_id
from ledger import accounts
from ledger.reverse import reverse


def test_a_reversal_is_the_opposite_and_happens_once(engine: Engine) -> None:
    fill(engine)
    wrong = by_hand(engine, *GIFT, effective_on=date(2026, 10, 30))
    made = turn(engine, wrong.entry or "")
    assert (made.state, made.reverses, made.corrects) == ("posted", wrong.entry, wrong.entry)
    entry = entry_of(engine, made.entry)
    assert (entry.kind, entry.note, entry.corrects) == ("reversal", "not ours", wrong.entry)
    assert (entry.effective_on, entry.booked_on) == (NOW.date(), NOW.date())
    assert balances(engine, WRITEOFF, POT) == ["0.00", "10.00"]
    assert entry_of(engine, wrong.entry).corrected_by == [made.entry]
    before = rows(engine)
    assert told(turn, engine, wrong.entry or "") == "already_reversed"
    assert told(turn, engine, made.entry or "") == "not_reversible"
    assert told(turn, engine, public_id("ent", 999, NOW)) == "not_found"
    assert rows(engine) == before
    assert clean(engine)


def test_what_a_domain_answers_for_is_undone_there(engine: Engine) -> None:
    fill(engine)
    for kind, way in (
        ("payout.paid", "Settle the payout"),
        ("reward.accrue", "refund event"),
        ("fund.deposit", "an adjustment that corrects"),
        ("bounty.approve", "an adjustment that corrects"),
    ):
        entry = book(engine, kind, kind, *GIFT)
        before = rows(engine)
        with pytest.raises(Refused, match=way) as caught, transaction(engine) as session:
            reverse(session, entry, "x", "Olga", NOW, SETTINGS)
        assert caught.value.code == "not_reversible"
        assert rows(engine) == before
        assert by_hand(engine, (POT, "5.00"), (WRITEOFF, "-5.00"), corrects=entry).state == "posted"


def test_a_large_reversal_needs_another_person_and_a_floor_holds(engine: Engine) -> None:
    fill(engine, "200000.00")
    entry = book(
        engine, "big", "start", (LINE, "150000.00"), (accounts.fund_unallocated("main"), "-150000.00")
    )
    made = turn(engine, entry)
    assert (made.state, made.amount.amount) == ("proposed", "150000.00")
    pot = accounts.fund_unallocated("main")
    book(engine, "out", "start", (pot, "150000.00"), (WRITEOFF, "-150000.00"))
    assert told(decide, engine, made.id) == "insufficient_funds"
    again = turn(engine, entry)  # a second proposal while the first one waits
    book(engine, "in", "start", (WRITEOFF, "150000.00"), (pot, "-150000.00"))
    assert told(decide, engine, made.id, person="olga") == "own_adjustment"
    assert decide(engine, again.id).state == "posted"
    assert told(decide, engine, made.id) == "already_reversed"
    assert decide(engine, made.id, "reject").state == "rejected"


def test_a_compound_entry_of_ten_thousand_is_reversed(engine: Engine) -> None:
    fill(engine, "200000.00")
    many = [(accounts.creator(f"m{n}", "pending"), "-1.00") for n in range(9_999)]
    entry = book(engine, "many", "start", (LINE, "9999.00"), *many)
    made = turn(engine, entry)
    assert (made.state, len(made.postings or [])) == ("posted", 10_000)
    assert balances(engine, LINE, many[0][0], many[-1][0]) == ["199990.00", "0.00", "0.00"]
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM balance WHERE balance <> 0")) == 3
        assert session.scalar(text("SELECT posting_count FROM entry ORDER BY id DESC LIMIT 1")) == 10_000
    assert clean(engine)
