"""Every check of the ledger: silent on good books, and the only one to speak when its promise is broken by hand."""

from datetime import date

import pytest
from by_hand import FREE
from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.verify import CHECKS, verify

DAY = date(2026, 11, 2)
LINE = accounts.fund_line("main", "views")
BANK = accounts.bank("manual", "RUB")
CREATOR = accounts.creator("c1", "available")
NEWEST = "account_id = 2 AND version = (SELECT max(version) FROM posting WHERE account_id = 2)"


@pytest.fixture
def books(engine: Engine) -> None:
    """Entry 1 fills the line (account 2), entries 2 and 3 grant from it to a creator (account 3)."""
    steps = [("fill", BANK, LINE, 60), ("grant1", LINE, CREATOR, 5), ("grant2", LINE, CREATOR, 5)]
    for key, one, other, amount in steps:
        money = Money(amount * 1_000_000, "RUB")
        with transaction(engine) as session:
            legs = [debit(one, money), credit(other, money)]
            post(session, key=key, kind="x", effective_on=DAY, legs=legs)


def broken(owner: Engine, *statements: str) -> None:
    """By the superuser, without triggers and foreign keys."""
    with owner.begin() as connection:
        connection.execute(text(FREE))
        for statement in statements:
            connection.execute(text(statement))


def found(engine: Engine) -> list[tuple[str, str]]:
    with transaction(engine) as session:
        return [(each.check, each.subject) for each in verify(session)]


TWICE = (
    "UPDATE posting SET entry_id = 2 WHERE entry_id = 3",
    "UPDATE entry SET posting_count = 4 WHERE id = 2",
    "DELETE FROM entry WHERE id = 3",
)
CLOSED = "INSERT INTO period_close VALUES ('2026-10-31', '2026-10', 0, 'x', now()), ('2026-11-02', '2026-11-02', 2, 'x', now())"
FLOOR = (
    "ALTER TABLE balance DROP CONSTRAINT balance_floor_check",
    "UPDATE account SET floor = 100000000 WHERE id = 2",
    "UPDATE balance SET floor = 100000000 WHERE account_id = 2",
)
LINE_NAME, CREATOR_NAME = f"account {LINE} RUB", f"account {CREATOR} RUB"
BREAKS: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("entry_unbalanced", ("UPDATE entry SET posting_count = 3 WHERE id = 1",), ["entry 1"]),
    ("posting_astray", ("DELETE FROM entry WHERE id = 2",), ["posting 2/2", "posting 3/1"]),
    ("posting_astray", ("DELETE FROM account WHERE id = 1",), ["posting 1/1"]),
    ("posting_astray", ("UPDATE account SET currency = 'USD' WHERE id = 3",), ["posting 3/1", "posting 3/2"]),
    ("account_twice", TWICE, ["entry 2", "entry 2"]),
    (
        "posting_astray",
        ("UPDATE entry SET booked_on = booked_on - 1 WHERE id = 1",),
        ["posting 1/1", "posting 2/1"],
    ),
    ("booked_in_closed_period", (CLOSED,), ["entry 3"]),
    ("running_balance_wrong", (f"UPDATE posting SET balance = balance + 1 WHERE {NEWEST}",), ["posting 2/3"]),
    (
        "running_balance_wrong",
        (f"UPDATE posting SET latest_on = latest_on + 1 WHERE {NEWEST}",),
        ["posting 2/3"],
    ),
    ("balance_wrong", ("UPDATE balance SET balance = balance - 1 WHERE account_id = 2",), [LINE_NAME]),
    ("balance_wrong", ("UPDATE balance SET version = version + 1 WHERE account_id = 2",), [LINE_NAME]),
    ("balance_wrong", ("UPDATE balance SET latest_on = latest_on + 1 WHERE account_id = 2",), [LINE_NAME]),
    ("balance_wrong", ("DELETE FROM balance WHERE account_id = 3",), [CREATOR_NAME]),
    ("floor_broken", FLOOR, [LINE_NAME]),
    ("floor_broken", ("UPDATE balance SET floor = NULL WHERE account_id = 2",), [LINE_NAME]),
    ("floor_broken", ("UPDATE balance SET normal = 1 WHERE account_id = 3",), [CREATOR_NAME]),
]


def test_good_books_have_no_findings(engine: Engine, books: None) -> None:
    assert found(engine) == []


@pytest.mark.parametrize(("check", "statements", "subjects"), BREAKS)
def test_a_broken_promise_is_found_by_its_check_alone(
    engine: Engine, owner: Engine, books: None, check: str, statements: tuple[str, ...], subjects: list[str]
) -> None:
    broken(owner, *statements)
    assert found(engine) == [(check, subject) for subject in subjects]


def test_every_check_was_broken() -> None:
    assert {name for name, *_ in BREAKS} == {check.name for check in CHECKS}


def test_a_gap_in_the_versions_is_seen_from_both_sides(engine: Engine, owner: Engine, books: None) -> None:
    broken(owner, f"UPDATE posting SET version = 5 WHERE {NEWEST}")
    assert found(engine) == [("running_balance_wrong", "posting 2/5"), ("balance_wrong", LINE_NAME)]


def test_an_edited_amount_is_one_row_however_many_follow(engine: Engine, owner: Engine, books: None) -> None:
    broken(owner, "UPDATE posting SET amount = amount + 1 WHERE account_id = 2 AND version = 1")
    assert found(engine) == [
        ("entry_unbalanced", "entry 1"),
        ("running_balance_wrong", "posting 2/1"),
        ("balance_wrong", LINE_NAME),
    ]


def test_no_figure_that_is_put_there_ends_the_proof(engine: Engine, owner: Engine, books: None) -> None:
    for value in (2**63 - 1, -(2**63)):
        broken(
            owner,
            "ALTER TABLE balance DROP CONSTRAINT IF EXISTS balance_floor_check",
            f"UPDATE posting SET amount = {value}, balance = {-value if value > 0 else value}",
            f"UPDATE balance SET balance = {value}, floor = {value}",
        )
        assert {check for check, _ in found(engine)} >= {
            "entry_unbalanced",
            "running_balance_wrong",
            "balance_wrong",
        }
