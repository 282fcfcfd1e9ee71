"""Entries by hand: what is posted, what waits, what is refused and leaves no trace."""

from datetime import date, timedelta
from typing import Any

import pytest
from adjust_help import (
    BANK,
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
    legs,
    rows,
    told,
)
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import transaction
from core.errors import Invalid, NotFound
from core.ids import public_id
from ledger import accounts
from ledger.adjust import adjust
from ledger.adjustments import get_adjustment, list_adjustments
from ledger.close import close_period

GIFT_OF_BANK = ((BANK, "1.00"), (WRITEOFF, "-1.00"))
LARGE = ((BANK, "100000.01"), (accounts.OPENING, "-100000.01"))


def test_up_to_the_limit_it_is_posted_at_once(engine: Engine) -> None:
    fill(engine)
    made = by_hand(engine, *GIFT, effective_on=date(2026, 10, 30))
    assert (made.state, made.amount.amount, made.decided_by, made.corrects) == ("posted", "5.00", None, None)
    entry = entry_of(engine, made.entry)
    assert (entry.kind, entry.note, entry.corrects) == ("adjustment", "a mistake", None)
    assert (entry.effective_on, entry.booked_on) == (date(2026, 10, 30), date(2026, 10, 30))
    assert {line.account: line.amount.amount for line in entry.postings} == {WRITEOFF: "5.00", POT: "-5.00"}
    assert balances(engine, WRITEOFF, POT) == ["5.00", "15.00"]
    with transaction(engine) as session:
        assert get_adjustment(session, made.id) == made
        assert session.scalar(text("SELECT key FROM entry ORDER BY id DESC LIMIT 1")) == "adjustment:1"
    assert clean(engine)


def test_it_corrects_an_entry_and_that_entry_says_so(engine: Engine) -> None:
    fill(engine)
    wrong = book(engine, "w", "start", *GIFT)
    first, second = (by_hand(engine, (POT, "1.00"), (WRITEOFF, "-1.00"), corrects=wrong) for _ in range(2))
    assert first.corrects == entry_of(engine, first.entry).corrects == wrong
    assert entry_of(engine, wrong).corrected_by == [first.entry, second.entry]
    assert entry_of(engine, first.entry).corrected_by == []


def test_of_a_closed_day_it_is_booked_on_the_first_open_one(engine: Engine) -> None:
    fill(engine)
    with transaction(engine) as session:
        close_period(session, "2026-10", "Faina", NOW.date(), NOW)
    entry = entry_of(engine, by_hand(engine, *GIFT, effective_on=date(2026, 10, 1)).entry)
    assert (entry.effective_on, entry.booked_on) == (date(2026, 10, 1), date(2026, 11, 1))


def test_today_is_the_services_day(engine: Engine) -> None:
    """At 22:00 UTC it is tomorrow in Moscow."""
    with transaction(engine) as session:
        made = adjust(
            session,
            legs((BANK, "1.00"), (WRITEOFF, "-1.00")),
            "x",
            "Olga",
            NOW.replace(hour=22),
            SETTINGS,
            effective_on=date(2026, 11, 3),
        )
    assert made.effective_on == date(2026, 11, 3)
    assert told(by_hand, engine, *GIFT, effective_on=date(2026, 11, 3)) == "future_day"


def test_above_the_limit_another_person_posts_it(engine: Engine) -> None:
    fill(engine)
    before = rows(engine)
    made = by_hand(engine, *LARGE)
    assert (made.state, made.entry) == ("proposed", None)
    assert rows(engine) == before | {"adjustment": 1}
    for me in ("Olga", " olga ", "OLGA"):
        assert told(decide, engine, made.id, person=me) == "own_adjustment"
    done = decide(engine, made.id)
    assert (done.state, done.decided_by, done.decided_at) == ("posted", "Oleg", NOW)
    assert balances(engine, accounts.OPENING) == ["100000.01"]
    for verb in ("approve", "reject"):
        assert told(decide, engine, made.id, verb) == "adjustment_decided"
    assert clean(engine)


def test_the_limit_itself_needs_nobody(engine: Engine) -> None:
    assert by_hand(engine, (BANK, "100000"), (WRITEOFF, "-100000")).state == "posted"
    assert by_hand(engine, (BANK, "60000"), (LARGE[1][0], "50000"), (WRITEOFF, "-110000")).state == "proposed"


def test_turned_down_or_taken_back_it_never_posts(engine: Engine) -> None:
    for person in ("Oleg", "Olga"):
        made = decide(engine, by_hand(engine, *LARGE).id, "reject", person)
        assert (made.state, made.decision, made.decided_by, made.entry) == ("rejected", "no", person, None)
        assert told(decide, engine, made.id) == "adjustment_decided"
    assert rows(engine)["entry"] == 0


def test_an_approval_that_breaks_a_floor_leaves_it_proposed(engine: Engine) -> None:
    fill(engine)
    taken = ((LINE, "100000.01"), (BANK, "-100000.01"))
    made = by_hand(engine, *taken)
    before = rows(engine)
    assert told(decide, engine, made.id) == "insufficient_funds"
    with transaction(engine) as session:
        assert get_adjustment(session, made.id) == made
    assert rows(engine) == before
    book(engine, "more", "start", (BANK, "100000.00"), (LINE, "-100000.00"))
    assert decide(engine, made.id).state == "posted"


REFUSED: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("unbalanced_entry", [(BANK, "1.00"), (WRITEOFF, "-0.99")], {}),
    ("unbalanced_entry", [(BANK, "1.00")], {}),
    ("unbalanced_entry", [], {}),
    ("repeated_account", [(BANK, "1.00"), (BANK, "1.00"), (WRITEOFF, "-2.00")], {}),
    ("zero_amount", [(BANK, "0"), (WRITEOFF, "0.00")], {}),
    ("future_day", list(GIFT), {"effective_on": NOW.date() + timedelta(days=1)}),
    ("insufficient_funds", [(LINE, "90.000001"), (WRITEOFF, "-90.000001")], {}),
    ("not_found", list(GIFT), {"corrects": "ent_bogus"}),
    ("not_found", list(GIFT), {"corrects": public_id("ent", 999, NOW)}),
    ("not_found", list(GIFT), {"corrects": public_id("ent", 1, NOW)}),  # a forged time
    *(
        ("unknown_account", [(code, "1.00"), (WRITEOFF, "-1.00")], {})
        for code in (
            "liabilities:creator:nobody:available",
            "liabilities:creator:c1:pending",
            "liabilities:fund:main:line:none",
            "liabilities:seller:s1:balance",
            "liabilities:bounty:b1:escrow",
            "assets:bank:manual:USD",
            "expenses:bribes",
            "Expenses:writeoff",
            "expenses:writeoff\n",
            f"income:fees:{'x' * 65}",
        )
    ),
]


def test_what_is_refused_leaves_no_row_anywhere(engine: Engine) -> None:
    fill(engine)
    before = rows(engine)
    for code, pairs, more in REFUSED:
        assert told(by_hand, engine, *pairs, **more) == code, (pairs, more)
        assert rows(engine) == before, (pairs, more)
    assert clean(engine)


def test_l7_two_currencies_that_balance_only_together(engine: Engine) -> None:
    mixed = legs((BANK, "1.00")) + legs((WRITEOFF, "-1.00"), currency="USD")
    before = rows(engine)
    with pytest.raises(Invalid, match="one currency") as caught, transaction(engine) as session:
        adjust(session, mixed, "x", "Olga", NOW, SETTINGS)
    assert (caught.value.code, caught.value.pointer) == ("unbalanced_entry", "/postings")
    assert rows(engine) == before


def test_the_systems_own_accounts_are_opened_by_the_first_posting(engine: Engine) -> None:
    fill(engine)
    for code in (
        "assets:suspense:RUB",
        "liabilities:tax:ndfl",
        "income:fees:x",
        "expenses:provider_fees:bank",
        "equity:opening",
    ):
        assert by_hand(engine, (code, "1.00"), (BANK, "-1.00")).state == "posted", code
    pending = accounts.creator("c2", "pending")
    assert told(by_hand, engine, (pending, "-1.00"), (BANK, "1.00")) == "unknown_account"
    book(engine, "q", "start", (pending, "1.00"), (BANK, "-1.00"))
    assert by_hand(engine, (pending, "-1.00"), (BANK, "1.00")).state == "posted"


TOP = "999999999999.999999"


def test_l13_a_sum_past_64_bits_is_refused(engine: Engine) -> None:
    """Twenty postings, each of an amount that may stand in a request."""
    many = [(f"income:fees:f{n}", TOP) for n in range(10)] + [
        (f"income:fees:g{n}", f"-{TOP}") for n in range(10)
    ]
    before = rows(engine)
    assert told(by_hand, engine, *many) == "amount_too_large"
    assert rows(engine) == before


@pytest.mark.parametrize(
    ("last", "answer"), [("36854.775807", "posted"), ("36854.775808", "amount_too_large")]
)
def test_l13_a_balance_goes_to_the_end_of_64_bits_and_not_past_it(
    engine: Engine, last: str, answer: str
) -> None:
    """-2^63 fits into a BIGINT, but not its opposite: nobody could read the account any more."""
    fees = "income:fees:x"
    for amount in [TOP] * 9 + ["223372000000.000009"]:
        made = by_hand(engine, (WRITEOFF, amount), (fees, f"-{amount}"))
        assert decide(engine, made.id).state == "posted"
    before = rows(engine)
    assert told(by_hand, engine, (BANK, last), (fees, f"-{last}")) == answer
    if answer == "posted":
        assert balances(engine, fees) == ["9223372036854.775807"]
        assert told(by_hand, engine, (BANK, "0.000001"), (fees, "-0.000001")) == "amount_too_large"
        assert told(by_hand, engine, (BANK, "0.000002"), (fees, "-0.000002")) == "amount_too_large"
    else:
        assert rows(engine) == before
    assert clean(engine)


def test_the_list_is_by_state_newest_first(engine: Engine) -> None:
    ids = [by_hand(engine, *pairs).id for pairs in (GIFT_OF_BANK, LARGE, GIFT_OF_BANK, LARGE)]
    decide(engine, ids[3], "reject")
    with transaction(engine) as session:
        shown = list_adjustments(session, None, 10, None)
        assert [each.id for _, each in shown] == ids[::-1]
        assert {each.postings for _, each in shown} == {None}
        assert [each.id for _, each in list_adjustments(session, None, 2, shown[0][0])] == ids[2:0:-1]
        for state, found in (("posted", [ids[2], ids[0]]), ("proposed", ids[1:2]), ("rejected", ids[3:])):
            assert [each.id for _, each in list_adjustments(session, state, 10, None)] == found
        with pytest.raises(NotFound):
            get_adjustment(session, public_id("adj", 1, NOW + timedelta(seconds=1)))


def test_the_application_cannot_rewrite_what_was_proposed(engine: Engine) -> None:
    by_hand(engine, *LARGE)
    for statement in ("DELETE FROM adjustment", "UPDATE adjustment SET amount = 1"):
        with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text(statement))
