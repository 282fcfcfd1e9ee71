"""An account's statement: its pages fit together, its ends are the books', whatever is written meanwhile."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Invalid, NotFound
from core.money import Money
from ledger import accounts
from ledger.asof import NOW, balance_at, end_of
from ledger.balances import trial_balance, trial_totals
from ledger.close import close_period
from ledger.post import credit, debit, post
from ledger.statement import AccountLine, StatementPage, account_statement, statement

BANK = accounts.bank("manual", "RUB")
PENDING = accounts.creator("c1", "pending")
AVAILABLE = accounts.creator("c1", "available")
FIRST = date(2026, 10, 1)
LAST = date(2026, 10, 31)
AT = datetime(2026, 12, 24, 9, tzinfo=UTC)


def rub(micros: int) -> Money:
    return Money(micros, "RUB")


def earn(engine: Engine, key: str, micros: int, day: date, code: str = PENDING) -> None:
    with transaction(engine) as session:
        legs = [debit(BANK, rub(micros)), credit(code, rub(micros))]
        post(session, key=key, kind="test", legs=legs, effective_on=day)


def pages(
    engine: Engine, code: str, since: date, until: date, limit: int, between: object = None
) -> tuple[StatementPage, list[AccountLine]]:
    """The last page, and the lines of all; `between` is called before each page but the first."""
    lines: list[AccountLine] = []
    walk = None
    while True:
        with transaction(engine) as session:
            found = account_statement(session, code, None, since, until, limit, walk)
        assert len(found.lines) <= limit
        lines += found.lines
        walk = found.rest
        if walk is None:
            return found, lines
        if callable(between):
            between()


def adds_up(found: StatementPage, lines: list[AccountLine]) -> None:
    running = found.opening.micros
    for line in lines:
        running += line.amount.micros
        assert line.balance.micros == running
    assert running == found.closing.micros


def close(engine: Engine, period: str) -> None:
    with transaction(engine) as session:
        close_period(session, period, "anna", AT.date(), AT)


@pytest.mark.parametrize("closed", [False, True])
def test_pages_show_each_line_once_and_add_up(engine: Engine, closed: bool) -> None:
    """Days booked in any order, before, in and after the period; natural signs; the last page says so."""
    dice = random.Random(5)
    days = [FIRST + timedelta(days=dice.randint(-15, 45)) for _ in range(60)]
    for n, day in enumerate(days):
        earn(engine, f"{n}", n + 1, day)
        if closed and n == 20:
            close(engine, "2026-09-25")
        if closed and n == 40:
            close(engine, "2026-10")
    whole, all_lines = pages(engine, PENDING, FIRST, LAST, 1000)
    for limit in (1, 7, len(all_lines)):
        found, lines = pages(engine, PENDING, FIRST, LAST, limit)
        assert lines == all_lines
        assert (found.opening, found.closing) == (whole.opening, whole.closing)
    adds_up(whole, all_lines)
    assert (whole.final, whole.rest, whole.account) == (closed, None, PENDING)
    assert all(FIRST <= line.booked_on <= LAST for line in all_lines)
    assert [line.version for line in all_lines] == sorted(line.version for line in all_lines)
    with transaction(engine) as session:
        opening, closing = (
            balance_at(session, PENDING, "RUB", end_of(session, day))[1]
            for day in (FIRST - timedelta(days=1), LAST)
        )
        both = statement(session, [PENDING, AVAILABLE], "RUB", FIRST, LAST)
    assert (-opening, -closing) == (whole.opening, whole.closing)
    assert (both.opening, both.closing, len(both.lines)) == (whole.opening, whole.closing, len(all_lines))
    if not closed:
        expected = sum(n + 1 for n, day in enumerate(days) if FIRST <= day <= LAST)
        assert whole.closing.micros - whole.opening.micros == expected


def test_a_walk_keeps_its_ends_while_the_account_moves(engine: Engine) -> None:
    for n in range(10):
        earn(engine, f"{n}", 5, LAST)
    more = iter(range(100, 200))
    found, lines = pages(engine, PENDING, FIRST, LAST, 3, lambda: earn(engine, f"{next(more)}", 7, LAST))
    adds_up(found, lines)
    assert len(lines) == 10
    assert pages(engine, PENDING, FIRST, LAST, 100)[0].closing == rub(50 + 3 * 7)


def test_a_late_fact_stands_in_the_open_period_with_its_own_day(engine: Engine) -> None:
    earn(engine, "in time", 100, LAST)
    close(engine, "2026-10")
    before = pages(engine, PENDING, FIRST, LAST, 10)
    earn(engine, "late", -30, FIRST)
    assert pages(engine, PENDING, FIRST, LAST, 10) == before
    november = pages(engine, PENDING, date(2026, 11, 1), date(2026, 11, 30), 10)
    [line] = november[1]
    assert (line.booked_on, line.effective_on, line.amount) == (date(2026, 11, 1), FIRST, rub(-30))
    assert (november[0].opening, november[0].closing) == (rub(100), rub(70))


def test_refusals_and_empty_answers(engine: Engine) -> None:
    earn(engine, "1", 100, LAST)
    with transaction(engine) as session:
        with pytest.raises(Invalid) as caught:
            account_statement(session, PENDING, None, LAST, FIRST, 10)
        assert caught.value.code == "bad_period"
        for code, currency in (("assets:none", None), (PENDING, "USD")):
            with pytest.raises(NotFound):
                account_statement(session, code, currency, FIRST, LAST, 10)
        before = account_statement(session, PENDING, "RUB", date(2026, 1, 1), date(2026, 1, 31), 10)
        after = account_statement(session, PENDING, "RUB", date(2027, 1, 1), date(2027, 1, 31), 10)
        none = statement(session, [AVAILABLE], "RUB", FIRST, LAST)
    assert (before.opening, before.lines, before.closing) == (rub(0), [], rub(0))
    assert (after.opening, after.lines, after.closing) == (rub(100), [], rub(100))
    assert (none.opening, none.lines, none.closing) == (rub(0), [], rub(0))


def test_l11_every_answer_adds_up_while_twenty_write(engine: Engine) -> None:
    """Half an entry is never seen: not in a statement, not in a balance, not in a total."""
    creators = [accounts.creator(f"c{n}", "pending") for n in range(20)]
    for n, code in enumerate(creators):
        earn(engine, f"opens {n}", 1, FIRST, code)

    def write(seed: int) -> None:
        dice = random.Random(seed)
        for i in range(10):
            with transaction(engine) as session:
                legs = [credit(code, rub(dice.randint(1, 50))) for code in dice.sample(creators, 3)]
                legs.append(debit(BANK, -sum((leg.money for leg in legs), rub(0))))
                day = FIRST + timedelta(days=dice.randint(0, 60))
                post(session, key=f"{seed}:{i}", kind="test", legs=legs, effective_on=day)

    def read(_: int) -> None:
        with transaction(engine) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            found = account_statement(session, BANK, None, FIRST, LAST, 1000)
            adds_up(found, found.lines)
            of_all = statement(session, [BANK, creators[0]], "RUB", FIRST, LAST)
            total = sum(line.amount.micros for line in of_all.lines)
            assert of_all.opening.micros + total == of_all.closing.micros
            assert balance_at(session, BANK, None, end_of(session, LAST))[1] == found.closing
            for at in (NOW, end_of(session, LAST)):
                assert sum(line.money.micros for line in trial_balance(session, at)) == 0
                assert trial_totals(session, at)["RUB"][0] == 0

    with ThreadPoolExecutor(24) as pool:
        writing = [pool.submit(write, seed) for seed in range(20)]
        reading = [pool.submit(read, n) for n in range(40)]
        for each in writing + reading:
            each.result()
    with transaction(engine) as session:
        assert (
            trial_totals(session)["RUB"][0] == sum(line.money.micros for line in trial_balance(session)) == 0
        )
