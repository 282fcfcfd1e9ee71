"""Books with a fund line, a creator and some system accounts, and people who adjust them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from core.settings import load_settings
from ledger import accounts
from ledger.adjust import adjust
from ledger.adjustments import Adjustment
from ledger.balances import natural
from ledger.decide import approve, reject
from ledger.post import Leg, post
from ledger.read import get_entry
from ledger.reverse import reverse
from ledger.verify import verify

SETTINGS = load_settings({"KOPECK_HOME": "/nonexistent"})
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BANK, WRITEOFF = accounts.bank("manual", "RUB"), "expenses:writeoff"
LINE, POT = accounts.fund_line("main", "l"), accounts.creator("c1", "available")
GIFT = ((WRITEOFF, "5.00"), (POT, "-5.00"))


def legs(*pairs: tuple[str, str], currency: str = "RUB") -> list[Leg]:
    return [Leg(account, Money.parse(amount, currency)) for account, amount in pairs]


def book(engine: Engine, key: str, kind: str, *pairs: tuple[str, str]) -> str:
    """An entry as a domain makes it; its public id."""
    with transaction(engine) as session:
        return post(session, key=key, kind=kind, effective_on=NOW.date(), legs=legs(*pairs)).public


def fill(engine: Engine, amount: str = "100.00") -> None:
    """Money on the line and some of it with the creator."""
    book(engine, "fill", "start", (BANK, amount), (LINE, f"-{amount}"))
    book(engine, "earn", "start", (LINE, "10.00"), (POT, "-10.00"))


def by_hand(engine: Engine, *pairs: tuple[str, str], person: str = "Olga", **more: Any) -> Adjustment:
    with transaction(engine) as session:
        return adjust(session, legs(*pairs), "a mistake", person, NOW, SETTINGS, **more)


def turn(engine: Engine, entry: str, person: str = "Olga") -> Adjustment:
    with transaction(engine) as session:
        return reverse(session, entry, "not ours", person, NOW, SETTINGS)


def decide(engine: Engine, id: str, verb: str = "approve", person: str = "Oleg") -> Adjustment:
    with transaction(engine) as session:
        return (
            approve(session, id, person, NOW) if verb == "approve" else reject(session, id, "no", person, NOW)
        )


def told(act: Any, *args: Any, **more: Any) -> str:
    """The code of a refusal, or what became of the adjustment."""
    try:
        return str(act(*args, **more).state)
    except KopeckError as error:
        return error.code


def balances(engine: Engine, *codes: str) -> list[str]:
    with transaction(engine) as session:
        return [natural(session, [code], "RUB")[code].amount for code in codes]


_COUNTS = text(
    "SELECT string_agg(format('SELECT %L, count(*) FROM %I', relname, relname), ' UNION ALL ' ORDER BY relname)"
    " FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
)


def rows(engine: Engine) -> dict[str, int]:
    """How many rows every table has."""
    with engine.begin() as connection:
        return {name: count for name, count in connection.execute(text(connection.scalar(_COUNTS)))}


def clean(engine: Engine) -> bool:
    with transaction(engine) as session:
        return verify(session) == []


def entry_of(engine: Engine, id: str | None) -> Any:
    assert id
    with transaction(engine) as session:
        return get_entry(session, id)
