"""The one door: what it lets through, what it refuses, what races do to it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import transaction
from core.errors import Conflict, Invalid, KopeckError, Refused
from core.money import Money
from ledger import accounts
from ledger.balances import natural, trial_totals
from ledger.post import Posted, credit, debit, post
from ledger.statement import statement
from ledger.verify import verify

DAY = date(2026, 11, 2)
LINE = accounts.fund_line("main", "views")
BANK = accounts.bank("manual", "RUB")


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def fill(engine: Engine, amount: str, line: str = LINE) -> None:
    with transaction(engine) as session:
        post(
            session,
            key=f"fill:{line}:{amount}",
            kind="deposit",
            effective_on=DAY,
            legs=[debit(BANK, rub(amount)), credit(line, rub(amount))],
        )


def grant(engine: Engine, key: str, amount: str, creator: str = "c1", line: str = LINE) -> Posted:
    with transaction(engine) as session:
        return post(
            session,
            key=key,
            kind="grant",
            effective_on=DAY,
            legs=[debit(line, rub(amount)), credit(accounts.creator(creator, "available"), rub(amount))],
        )


def balance(engine: Engine, code: str) -> str:
    with transaction(engine) as session:
        return natural(session, [code], "RUB")[code].amount


def attempt(engine: Engine, key: str, amount: str) -> str:
    try:
        grant(engine, key, amount)
    except KopeckError as error:
        return error.code
    return "posted"


def clean(engine: Engine) -> bool:
    with transaction(engine) as session:
        return verify(session) == [] and all(total == 0 for total, _ in trial_totals(session).values())


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


@pytest.mark.parametrize(
    "legs",
    [
        [debit(BANK, rub("1.00")), credit(LINE, rub("0.99"))],
        [debit(BANK, rub("1.00")), credit(LINE, Money.parse("1.00", "USD"))],
        [debit(BANK, rub("1.00")), credit(BANK, rub("1.00"))],
        [],
    ],
)
def test_what_does_not_balance_is_refused(engine: Engine, legs: list) -> None:
    with transaction(engine) as session, pytest.raises(Invalid) as caught:
        post(session, key="bad", kind="bad", effective_on=DAY, legs=legs)
    assert caught.value.code == "unbalanced_entry"


def test_two_currencies_that_balance_only_together_are_refused_by_the_database(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("SELECT * FROM ledger_open(ARRAY['equity:opening'], 'USD')"))
        session.execute(text("SELECT * FROM ledger_open(ARRAY['equity:opening'], 'RUB')"))
    with pytest.raises(Invalid) as caught, transaction(engine) as session:
        ids = session.scalars(text("SELECT id FROM account ORDER BY id")).all()
        session.execute(
            text(
                "SELECT * FROM ledger_post('k', 'x', 'USD', now()::date, now()::date, NULL, :ids, ARRAY[5, -5])"
            ),
            {"ids": ids},
        )
    assert caught.value.code == "unbalanced_entry"


def test_a_floor_holds_whatever_asks(engine: Engine) -> None:
    fill(engine, "1.00")
    with pytest.raises(Refused, match="line:views") as caught:
        grant(engine, "g1", "1.000001")
    assert caught.value.code == "insufficient_funds"
    assert balance(engine, LINE) == "1.00"


def test_the_condition_never_below(engine: Engine) -> None:
    fill(engine, "10.00")
    available = accounts.creator("c1", "available")
    grant(engine, "g1", "3.00")
    with pytest.raises(Refused), transaction(engine) as session:
        post(
            session,
            key="p1",
            kind="payout",
            effective_on=DAY,
            at_least={available: rub("0")},
            legs=[debit(available, rub("3.01")), credit(accounts.creator("c1", "in_transit"), rub("3.01"))],
        )
    assert balance(engine, available) == "3.00"


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
    with pytest.raises(Refused) as caught, transaction(engine) as session:
        post(
            session,
            key="k",
            kind="x",
            effective_on=DAY,
            legs=[debit(BANK, rub("1.00")), credit(code, rub("1.00"))],
        )
    assert caught.value.code == "unknown_account"


def test_a_sum_past_64_bits_is_refused(engine: Engine) -> None:
    huge = Money(999_999_999_999_999_999, "RUB")
    with pytest.raises(Invalid) as caught:
        for i in range(12):
            with transaction(engine) as session:
                post(
                    session,
                    key=f"h{i}",
                    kind="x",
                    effective_on=DAY,
                    legs=[debit(BANK, huge), credit(accounts.OPENING, huge)],
                )
    assert caught.value.code == "amount_too_large"
    assert clean(engine)


def test_a_hundred_grants_from_a_line_of_sixty(engine: Engine) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda i: attempt(engine, f"g{i}", "1.00"), range(100)))
    assert (results.count("posted"), results.count("insufficient_funds")) == (60, 40)
    assert balance(engine, LINE) == "0.00"
    assert clean(engine)


def test_twenty_with_one_key_post_once(engine: Engine) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda _: grant(engine, "same", "1.00"), range(20)))
    assert len({result.id for result in results}) == 1
    assert sum(not result.replayed for result in results) == 1
    assert balance(engine, LINE) == "59.00"


def test_transfers_in_both_directions_do_not_deadlock(engine: Engine) -> None:
    other = accounts.fund_line("main", "sales")
    fill(engine, "1000.00")
    fill(engine, "1000.00", other)

    def move(i: int) -> None:
        pair = (LINE, other) if i % 2 else (other, LINE)
        with transaction(engine) as session:
            post(
                session,
                key=f"t{i}",
                kind="transfer",
                effective_on=DAY,
                legs=[debit(pair[0], rub("1.00")), credit(pair[1], rub("1.00"))],
            )

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(move, range(400)))
    assert balance(engine, LINE) == balance(engine, other) == "1000.00"
    assert clean(engine)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET amount = 1",
        "DELETE FROM posting",
        "TRUNCATE posting",
        "UPDATE entry SET note = 'x'",
        "DELETE FROM entry",
        "UPDATE balance SET balance = 0",
        "UPDATE account SET floor = NULL",
        "INSERT INTO posting VALUES (1, 99, 1, 5, 5, now())",
        "DELETE FROM reward",
        "UPDATE share SET amount = 0",
        "UPDATE purchase SET amount = 0",
        "ALTER TABLE posting DISABLE TRIGGER ALL",
    ],
)
def test_the_application_cannot_rewrite_history(engine: Engine, statement: str) -> None:
    fill(engine, "60.00")
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement", ["UPDATE posting SET amount = amount + 1", "DELETE FROM entry", "TRUNCATE posting"]
)
def test_even_the_owner_meets_the_triggers(engine: Engine, owner: Engine, statement: str) -> None:
    fill(engine, "60.00")
    with owner.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


def test_a_pair_inserted_behind_the_door_must_balance(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    insert = "INSERT INTO posting VALUES (1, 2, 1, 100, 0, '2026-11-02', '2026-11-02'), (2, 2, 1, -99, 0, '2026-11-02', '2026-11-02')"
    with owner.connect() as connection, pytest.raises(DBAPIError, match="do not balance"):
        connection.execute(text(insert))


def test_readers_never_see_half_an_entry(engine: Engine) -> None:
    fill(engine, "100.00")

    def write(i: int) -> None:
        grant(engine, f"w{i}", "0.10")

    def read(_: int) -> bool:
        with transaction(engine) as session:
            shown = statement(session, [LINE], "RUB", DAY, DAY)
            return (
                shown.opening + Money(sum(line.amount.micros for line in shown.lines), "RUB") == shown.closing
            )

    def total(_: int) -> bool:
        with transaction(engine) as session:
            return trial_totals(session)["RUB"][0] == 0

    with ThreadPoolExecutor(20) as pool:
        writes = pool.map(write, range(200))
        assert all(pool.map(read, range(50))) and all(pool.map(total, range(50)))
        list(writes)
    with transaction(engine) as session:
        assert statement(session, [LINE], "RUB", DAY, DAY).closing == rub("80.00")


def test_verify_names_a_row_that_a_superuser_changed(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE posting DISABLE TRIGGER append_only"))
        connection.execute(text("UPDATE posting SET amount = amount + 1 WHERE account_id = 1"))
    with transaction(engine) as session:
        found = {finding.check for finding in verify(session)}
    assert {"entry_unbalanced", "balance_wrong", "running_balance_wrong"} <= found
