"""The canonical bytes, made twice: by the database and by plain Python."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seal_help import DAY
from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.canonical import entry_bytes, micros_of, moment_of
from ledger.leaves import read_leaf_bytes
from ledger.post import credit, debit, post
from ledger.seal_record import Seal

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
IDS = st.text("aZ09._-", min_size=1, max_size=64)
LEGS = st.lists(st.tuples(IDS, st.integers(1, 10**15)), min_size=1, max_size=6, unique_by=lambda leg: leg[0])
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
COUNTER = iter(range(10**9))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, st.none() | TEXT, TEXT, LEGS, DAYS, st.booleans())
def test_the_database_and_python_agree(
    engine: Engine, key: str, note: str | None, kind: str, legs: Any, day: date, corrects: bool
) -> None:
    total = sum(amount for _, amount in legs)
    with transaction(engine) as session:
        earlier = session.scalar(text("SELECT min(id) FROM entry")) if corrects else None
        posted = post(
            session,
            key=f"{next(COUNTER)}{key}",
            kind=kind if kind.isascii() else "x",
            effective_on=day,
            note=note,
            corrects=earlier,
            legs=[
                debit(accounts.OPENING, Money(total, "RUB")),
                *(credit(accounts.creator(id, "pending"), Money(amount, "RUB")) for id, amount in legs),
            ],
        )
        found = read_leaf_bytes(session, posted.id)
        row = session.execute(text("SELECT * FROM entry WHERE id = :id"), {"id": posted.id}).one()
        postings = session.execute(
            text(
                "SELECT code, version, amount, p.balance FROM posting p JOIN account a ON a.id = account_id"
                " WHERE entry_id = :id ORDER BY random()"
            ),
            {"id": posted.id},
        ).all()
    assert found == (
        row.recorded_at,
        entry_bytes(
            id=row.id,
            key=row.key,
            kind=row.kind,
            currency=row.currency,
            effective_on=row.effective_on,
            booked_on=row.booked_on,
            recorded_at=micros_of(row.recorded_at),
            note=row.note,
            corrects=row.corrects,
            postings=[tuple(each) for each in postings],
        ),
    )


def test_the_bytes_are_those_of_the_document() -> None:
    """Written out by hand: a change here is a change of docs/seals.md and of every seal there is."""
    content = entry_bytes(
        id=7,
        key="k",
        kind="ä",
        currency="RUB",
        effective_on=date(1970, 1, 2),
        booked_on=DAY,
        recorded_at=-1,
        note="",
        corrects=None,
        postings=[("b", 1, -5, 9), ("B", 2, 5, -1)],
    )
    assert content.hex() == (
        "0000000e" + b"kopeck.entry.1".hex() + f"{7:016x}" + "000000016b" + "00000002c3a4" + "00000003525542"
        f"{1:016x}{20759:016x}" + "f" * 16 + "01" + "00000000" + "00" + f"{2:016x}"
        "0000000142"
        + f"{2:016x}{5:016x}"
        + "f" * 16
        + "0000000162"
        + f"{1:016x}"
        + "fffffffffffffffb"
        + f"{9:016x}"
    )
    seal = Seal(1, 2, 3, 4, 5, 6, 7, b"r" * 32, b"p" * 32, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "ab")
    assert seal.record().hex() == (
        "0000000d"
        + b"kopeck.seal.1".hex()
        + f"{1:016x}"
        + "00000020"
        + "70" * 32
        + "00000020"
        + "72" * 32
        + f"{6:016x}{7:016x}{2:016x}{3:016x}{4:016x}{5:016x}{1000000:016x}"
        + "000000026162"
    )
    assert seal.digest() == hashlib.sha256(seal.record()).digest()


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_exact(moment: datetime) -> None:
    assert moment_of(micros_of(moment)) == moment
