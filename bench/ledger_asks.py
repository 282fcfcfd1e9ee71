"""The questions that growing books are asked, each with the answer that it must get."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from bench.books import CREATOR, LINE
from ledger.asof import NOW, AsOf, balance_at
from ledger.balances import natural, trial_balance
from ledger.statement import account_statement

FIRST_DAY = date(2020, 1, 1)
DAY_ROUNDS = 10
PAGE = 100


@dataclass(frozen=True, slots=True)
class Books:
    """What was posted: in each round every creator got its amount once, `part` creators an entry."""

    creators: int
    part: int
    rounds: int = 0

    def code(self, number: int) -> str:
        return CREATOR.format(number=number, pot="pending")

    def owed(self, number: int, rounds: int) -> int:
        """Micros of a creator after so many rounds."""
        return (1_000_000 + number % 977) * rounds

    def day(self, chance: Random) -> tuple[date, int]:
        """A day with postings, and the rounds until its end."""
        number = chance.randrange(-(-self.rounds // DAY_ROUNDS))
        return FIRST_DAY + timedelta(number), min((number + 1) * DAY_ROUNDS, self.rounds)


Ask = Callable[[Session, Books, Random], None]


def _must(right: bool) -> None:
    if not right:
        raise RuntimeError("the books gave a wrong answer")


def balance_now(session: Session, books: Books, chance: Random) -> None:
    number = chance.randrange(books.creators)
    code = books.code(number)
    _must(natural(session, [code], "RUB")[code].micros == books.owed(number, books.rounds))


def balance_on(session: Session, books: Books, chance: Random) -> None:
    number, (day, rounds) = chance.randrange(books.creators), books.day(chance)
    _, found = balance_at(session, books.code(number), "RUB", AsOf(day=day))
    _must(-found.micros == books.owed(number, rounds))


def balance_at_watermark(session: Session, books: Books, chance: Random) -> None:
    number, mark = chance.randrange(books.creators), 1 + chance.randrange(books.rounds)
    at = AsOf(moment=datetime.now(UTC), watermark=mark)  # one was taken after each round
    _, found = balance_at(session, books.code(number), "RUB", at)
    _must(-found.micros == books.owed(number, mark))


def trial_now(session: Session, books: Books, chance: Random) -> None:
    _must_be_page(session, books, chance, NOW, books.rounds)


def trial_on(session: Session, books: Books, chance: Random) -> None:
    day, rounds = books.day(chance)
    _must_be_page(session, books, chance, AsOf(day=day), rounds)


def _must_be_page(session: Session, books: Books, chance: Random, at: AsOf, rounds: int) -> None:
    number = chance.randrange(books.creators - PAGE)
    lines = trial_balance(session, at, PAGE, (books.code(number), "RUB"))
    _must([-line.money.micros for line in lines] == [
        books.owed(after, rounds) for after in range(number + 1, number + 1 + PAGE)
    ])  # fmt: skip


def creator_page(session: Session, books: Books, chance: Random) -> None:
    number = chance.randrange(books.creators)
    _must_be_statement(session, books, chance, books.code(number), 1, books.owed(number, 1))


def line_page(session: Session, books: Books, chance: Random) -> None:
    _must_be_statement(session, books, chance, LINE, books.creators // books.part, None)


def _must_be_statement(
    session: Session, books: Books, chance: Random, code: str, a_round: int, micros: int | None
) -> None:
    """A page from some day on; an account has `a_round` lines of `micros` in each round."""
    days = PAGE // DAY_ROUNDS // a_round
    since = FIRST_DAY + timedelta(chance.randrange(books.rounds // DAY_ROUNDS - days + 1))
    until = FIRST_DAY + timedelta(books.rounds // DAY_ROUNDS)
    page = account_statement(session, code, "RUB", since, until, PAGE)
    before = (since - FIRST_DAY).days * DAY_ROUNDS
    _must(len(page.lines) == PAGE and all(line.booked_on >= since for line in page.lines))
    if micros is not None:
        _must(
            (page.opening.micros, page.lines[-1].balance.micros)
            == (before * micros, (before + PAGE) * micros)
        )
        _must(page.closing.micros == books.rounds * micros)


ASKS: dict[str, Ask] = {
    "a creator's balance": balance_now,
    "a creator's balance as of a day": balance_on,
    "a creator's balance as of a watermark": balance_at_watermark,
    f"statement of a creator, {PAGE} lines": creator_page,
    f"statement of the fund line, {PAGE} lines": line_page,
    f"trial balance, {PAGE} accounts": trial_now,
    f"trial balance as of a day, {PAGE} accounts": trial_on,
}
