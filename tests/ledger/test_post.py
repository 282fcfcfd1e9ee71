"""The one door: what it lets through and what it refuses."""

import pytest
from ledger_books import BANK, DAY, LINE, MAX, balance, book, clean, counts, fill, grant, micros, move, rub
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Conflict, Invalid, Refused
from core.money import Money
from ledger import accounts
from ledger.balances import natural, trial_balance
from ledger.post import credit, debit, post
from ledger.verify import verify

AVAILABLE = accounts.creator("c1", "available")


def test_an_entry_moves_money_once(engine: Engine) -> None:
    fill(engine, "60.00")
    first = grant(engine, "g1", "0.0345")
    again = grant(engine, "g1", "0.0345")
    assert (again.id, again.replayed, first.replayed) == (first.id, True, False)
    assert balance(engine, LINE) == "59.9655"
    assert clean(engine)


def test_a_key_never_stands_for_two_contents(engine: Engine) -> None:
    fill(engine, "60.00")
    grant(engine, "g1", "1.00")
    with pytest.raises(Conflict, match="g1") as caught:
        grant(engine, "g1", "1.01")
    assert caught.value.code == "key_reused"
    assert balance(engine, LINE) == "59.00"


@pytest.mark.parametrize("note", ["{id}", "n|{id}"])
def test_a_note_never_passes_for_a_correction(engine: Engine, note: str) -> None:
    """Each part of the content counts by itself, not only the text that they make together."""
    fill(engine, "60.00")
    wrong = grant(engine, "g1", "1.00").id
    legs = [debit(AVAILABLE, rub("1.00")), credit(LINE, rub("1.00"))]
    said = note.format(id=wrong)
    with transaction(engine) as session:
        post(session, key="back", kind="x", effective_on=DAY, legs=legs, note=said)
    rest = said.partition("|")[0] if "|" in said else None
    with pytest.raises(Conflict), transaction(engine) as session:
        post(session, key="back", kind="x", effective_on=DAY, legs=legs, note=rest, corrects=wrong)


@pytest.mark.parametrize(
    "legs",
    [
        [debit(BANK, rub("1.00")), credit(LINE, rub("0.99"))],
        [debit(BANK, rub("1.00")), credit(LINE, Money.parse("1.00", "USD"))],
        [debit(BANK, rub("1.00")), credit(BANK, rub("1.00"))],
        [debit(BANK, rub("0.00")), credit(LINE, rub("0.00"))],
        [],
    ],
)
def test_l7_what_does_not_balance_is_refused(engine: Engine, legs: list) -> None:
    before = counts(engine)
    with pytest.raises(Invalid) as caught:
        book(engine, "bad", legs)
    assert caught.value.code == "unbalanced_entry"
    assert counts(engine) == before


@pytest.mark.parametrize(
    ("accounts", "amounts", "code"),
    [
        ("ARRAY[rub, usd]", "ARRAY[5, -5]", "unbalanced_entry"),
        ("ARRAY[usd, usd_too]", "ARRAY[5, -4]", "unbalanced_entry"),
        ("ARRAY[usd, usd]", "ARRAY[5, -5]", "unbalanced_entry"),
        ("ARRAY[9998, 9999]", "ARRAY[5, -5]", "unknown_account"),
    ],
)
def test_l7_the_database_refuses_what_comes_past_our_code(
    engine: Engine, accounts: str, amounts: str, code: str
) -> None:
    with transaction(engine) as session:
        session.execute(text("SELECT * FROM ledger_open(ARRAY['equity:opening', 'income:fees:a'], 'USD')"))
        session.execute(text("SELECT * FROM ledger_open(ARRAY['equity:opening'], 'RUB')"))
    before = counts(engine)
    query = (
        f"SELECT p.* FROM (SELECT max(id) FILTER (WHERE currency = 'RUB') AS rub, min(id) FILTER (WHERE currency = 'USD')"
        f" AS usd, max(id) FILTER (WHERE currency = 'USD') AS usd_too FROM account) a, ledger_post('k', 'x', 'USD',"
        f" '2026-11-02', '2026-11-02', NULL, {accounts}::bigint[], {amounts}::bigint[]) p"
    )
    with pytest.raises((Invalid, Refused)) as caught, transaction(engine) as session:
        session.execute(text(query))
    assert caught.value.code == code
    assert counts(engine) == before


def test_a_floor_holds_whatever_asks(engine: Engine) -> None:
    fill(engine, "1.00")
    with pytest.raises(Refused, match="line:views") as caught:
        grant(engine, "g1", "1.000001")
    assert caught.value.code == "insufficient_funds"
    assert balance(engine, LINE) == "1.00"


def test_a_floor_broken_inside_a_compound_entry_is_named(engine: Engine) -> None:
    fill(engine, "1000.00")
    transit = [accounts.creator(f"c{i}", "in_transit") for i in range(30)]
    book(engine, "in", [debit(LINE, rub("30.00")), *(credit(code, rub("1.00")) for code in transit)])
    legs = [debit(code, rub("1.01" if code == transit[17] else "1.00")) for code in transit]
    with pytest.raises(Refused, match="creator:c17:in_transit") as caught:
        book(engine, "out", [*legs, credit(BANK, rub("30.01"))])
    assert caught.value.code == "insufficient_funds"
    assert balance(engine, transit[0]) == balance(engine, transit[17]) == "1.00"


def test_the_condition_never_below(engine: Engine) -> None:
    fill(engine, "10.00")
    grant(engine, "g1", "3.00")
    legs = [debit(AVAILABLE, rub("3.01")), credit(accounts.creator("c1", "in_transit"), rub("3.01"))]
    with pytest.raises(Refused), transaction(engine) as session:
        post(session, key="p1", kind="payout", effective_on=DAY, at_least={AVAILABLE: rub("0")}, legs=legs)
    assert balance(engine, AVAILABLE) == "3.00"


def test_a_condition_in_another_currency_is_no_condition(engine: Engine) -> None:
    legs = [debit(BANK, rub("3.00")), credit(AVAILABLE, rub("3.00"))]
    least = {AVAILABLE: Money.parse("1.00", "USD")}
    with pytest.raises(Invalid), transaction(engine) as session:
        post(session, key="p1", kind="x", effective_on=DAY, at_least=least, legs=legs)


@pytest.mark.parametrize(
    "code",
    [
        "liabilities:creator:a:b:pending",
        "assets:bank:manual:USD",
        "nonsense",
        "liabilities:creator:c1:spent",
        f"liabilities:creator:{'c' * 65}:pending",
        f"liabilities:fund:main:line:{'l' * 65}",
    ],
)
def test_the_chart_knows_every_account(engine: Engine, code: str) -> None:
    with pytest.raises(Refused) as caught:
        move(engine, "k", BANK, code, "1.00")
    assert caught.value.code == "unknown_account"


def test_l13_a_balance_past_64_bits_is_refused(engine: Engine) -> None:
    """The last micro fits; one more, or one minor unit more, does not, on either side."""
    book(engine, "all", [debit(BANK, micros(MAX)), credit(accounts.OPENING, micros(MAX))])
    before = counts(engine)
    for more in (1, 10_000, MAX):
        for sign in (1, -1):
            legs = [
                debit(BANK, micros(sign * more)),
                credit(accounts.creator("c1", "pending"), micros(sign * more)),
            ]
            if sign == -1:
                legs = [
                    debit(accounts.creator("c2", "pending"), micros(more)),
                    credit(accounts.OPENING, micros(more)),
                ]
            with pytest.raises(Invalid) as caught:
                book(engine, f"more:{more}:{sign}", legs)
            assert caught.value.code == "amount_too_large", (more, sign)
    assert counts(engine) == before
    with transaction(engine) as session:
        assert natural(session, [BANK], "RUB")[BANK] == micros(MAX)
        assert {line.money.micros for line in trial_balance(session)} == {MAX, -MAX}
        assert verify(session) == []


@pytest.mark.parametrize("times", [2, 3])
def test_l13_legs_that_add_up_past_64_bits_are_refused(engine: Engine, times: int) -> None:
    legs = [debit(BANK, micros(MAX)), credit(LINE, micros(MAX))] * times
    with pytest.raises(Invalid) as caught:
        book(engine, "k", legs)
    assert caught.value.code == "amount_too_large"


def test_l13_a_sum_past_64_bits_still_balances(engine: Engine) -> None:
    """The check adds up in wider numbers: four accounts at the end of the range are one entry."""
    legs = [debit(BANK, micros(MAX)), debit("expenses:writeoff", micros(MAX))]
    book(engine, "k", [*legs, credit(accounts.OPENING, micros(MAX)), credit(LINE, micros(MAX))])
    assert clean(engine)
    with transaction(engine) as session:
        assert len(trial_balance(session)) == 4
