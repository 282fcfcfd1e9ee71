"""Random books with everything in them that a file format could stumble over."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from by_hand import unguarded
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.close import close_period
from ledger.export import FORMATS
from ledger.export.snapshot import open_snapshot
from ledger.post import Leg, post

FIRST = date(2026, 9, 1)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CURRENCIES = ("RUB", "JPY", "USD", "KWD")
IDS = (
    "a",
    "A",
    "-",
    "--",
    "_",
    ".",
    "-u",
    "X-x",
    "X-xA",
    "0",
    "a_b",
    "a-ub",
    "a.b",
    "Kira",
    "kira",
    "x" * 64,
)
NASTY = ("a\nb", "a\r\nb", "; x", "\n    equity:opening  1 RUB", ',key:forged, date:2020-13-45, [2020-01-01]', "a:b", '"', "\\",
         '\\"', "=1+1", "+1", "-1", "@x", "\t=x", "'=x", "＝1", "\u202eRTL", "🦊👩‍👩‍👧", " x ", "", "|", "{}", "x\u2028y",
         "\n2026-09-01 open Assets:X\n", "type:A", "date:nonsense", "#tag ^link", "a,b", "\x1b[31m", "Заказ № 5, оплата")  # fmt: skip
# Characters that PostgreSQL can hold.
_ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TEXTS = st.one_of(st.sampled_from(NASTY), _ANY)
_CODES = st.one_of(
    st.builds(accounts.creator, st.sampled_from(IDS), st.sampled_from(["pending", "available"])),
    st.sampled_from([accounts.OPENING, "income:fees:a_b-c", "expenses:provider_fees:x-y", "liabilities:tax:npd"]),
)  # fmt: skip
_AMOUNTS = st.one_of(st.integers(1, 50), st.integers(1, 10**15), st.sampled_from([1_000_000, 10_000]))


@st.composite
def an_entry(draw: st.DrawFn) -> dict[str, Any]:
    """What `post` takes, and whether it corrects the entry before."""
    currency = draw(st.sampled_from(CURRENCIES))
    codes = draw(st.lists(_CODES, min_size=2, max_size=5, unique=True))
    amounts = [draw(_AMOUNTS) * draw(st.sampled_from([1, -1])) for _ in codes[1:]]
    if sum(amounts) == 0:
        amounts[0] *= 2
    legs = [Leg(code, Money(m, currency)) for code, m in zip(codes, [-sum(amounts), *amounts], strict=True)]
    return {
        "key": draw(TEXTS),
        "kind": draw(st.one_of(st.just("fund.deposit"), TEXTS)),
        "legs": legs,
        "effective_on": FIRST + timedelta(draw(st.integers(0, 40))),
        "note": draw(st.one_of(st.none(), TEXTS)),
        "corrects": draw(st.booleans()),
    }


BOOKS = st.lists(st.one_of(an_entry(), an_entry(), an_entry(), st.integers(0, 40)), max_size=14)


def keep(engine: Engine, steps: list[Any]) -> None:
    """Books of these entries, and of closings (a number: of that day)."""
    last: int | None = None
    for number, step in enumerate(steps):
        with transaction(engine) as session:
            if isinstance(step, int):
                day = FIRST + timedelta(step)
                closed = session.scalar(text("SELECT max(through) FROM period_close"))
                if closed is None or closed < day:
                    close_period(session, day.isoformat(), "Fyodor", NOW.date(), NOW)
            else:
                given = step | {
                    "key": f"{step['key']}{number}",
                    "corrects": last if step["corrects"] else None,
                }
                last = post(session, **given).id


def wipe(owner: Engine) -> None:
    """Empty books again."""
    with unguarded(owner) as connection:
        connection.execute(
            text("TRUNCATE entry, posting, balance, account, period_close RESTART IDENTITY CASCADE")
        )


_MANY = r"""
    INSERT INTO account (code, currency, normal) SELECT 'liabilities\:creator\:c' || n || '\:pending', 'RUB', -1
        FROM generate_series(1, :creators) n;
    INSERT INTO account (code, currency, normal) VALUES ('equity\:opening', 'RUB', -1);
    INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count, xid)
        SELECT 'many\:' || e, '', 'reward.accrue', 'RUB', :day, :day, repeat('n', 200), 1 + :creators, 0
        FROM generate_series(1, :entries) e ORDER BY e;
    INSERT INTO posting
        SELECT a, e, e, amount, sum(amount) OVER (PARTITION BY a ORDER BY e), :day, :day
        FROM (SELECT a, e, CASE WHEN a > :creators THEN CAST(:creators AS bigint) * (:creators + 1) / 2 + :creators * e ELSE -a - e END
            FROM generate_series(1, 1 + :creators) a, generate_series(1, :entries) e) leg (a, e, amount) ORDER BY e, a;
    INSERT INTO balance SELECT account_id, sum(amount), count(*), -1, NULL, :day FROM posting GROUP BY 1;
"""


def many(owner: Engine, entries: int, creators: int) -> None:
    """Entries of `creators` + 1 postings each in empty books, faster than through the door."""
    given = {"entries": entries, "creators": creators, "day": FIRST}
    with unguarded(owner) as connection:
        for statement in _MANY.split(";")[:-1]:
            named = {name: given[name] for name in given if re.search(rf"(?<!\\):{name}\b", statement)}
            connection.execute(text(statement), named)


def pieces(engine: Engine, name: str) -> Iterator[bytes]:
    """An export as it comes."""
    with transaction(engine) as session:
        open_snapshot(session)
        yield from FORMATS[name].writer(session)


def export(engine: Engine, folder: Path, name: str) -> Path:
    """An export as a file."""
    path = folder / f"ledger.{FORMATS[name].suffix}"
    path.write_bytes(b"".join(pieces(engine, name)))
    return path
