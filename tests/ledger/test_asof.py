"""As-of balances against what a reader saw and against a plain model, and that they never change."""

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Invalid, NotFound
from core.money import Money
from ledger import accounts
from ledger.asof import AsOf, at_moment, balance_at, end_of
from ledger.balances import trial_balance, trial_totals
from ledger.close import close_period
from ledger.post import Leg, post

BANK = accounts.bank("manual", "RUB")
NAMES = [accounts.creator(f"c{n}", pot) for n in range(6) for pot in ("pending", "available")]
DAY = date(2026, 11, 2)
NOW = datetime(2026, 12, 24, 9, tzinfo=UTC)
Books = dict[str, int]

WATERMARK = text(
    "INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid)"
    " SELECT coalesce(:at, clock_timestamp()), o, s::text, pg_snapshot_xmin(s)::text::bigint + o"
    " FROM ledger_epoch() o, pg_current_snapshot() s RETURNING n"
)


def watermark(session: Session, at: datetime | None = None) -> int:
    return int(session.execute(WATERMARK, {"at": at}).scalar_one())


def move(session: Session, key: str, amounts: Books, day: date = DAY, bank: str = BANK) -> None:
    """One entry: each account gets so many micros, the bank the rest."""
    legs = [Leg(code, Money(amount, "RUB")) for code, amount in amounts.items() if amount]
    legs.append(Leg(bank, Money(-sum(amounts.values()), "RUB")))
    post(session, key=key, kind="test", legs=legs, effective_on=day)


def some(dice: random.Random) -> Books:
    """Of one account, or compound."""
    chosen = dice.sample(NAMES, dice.choice((1, 1, 2, len(NAMES))))
    return {code: dice.randint(1, 10**6) for code in chosen}


def shown(session: Session, at: AsOf, size: int = 7) -> Books:
    """The trial balance read page by page, its accounts one by one, its totals: they must all agree."""
    lines = trial_balance(session, at)
    walked, after = [], ("", "")
    while part := trial_balance(session, at, size, after):
        walked += part
        after = (part[-1].code, part[-1].money.currency)
    assert walked == lines
    for line in lines:
        assert balance_at(session, line.code, None, at) == (line.code, line.money)
    micros = {line.code: line.money.micros for line in lines}
    debits = sum(amount for amount in micros.values() if amount > 0)
    assert trial_totals(session, at) == ({"RUB": (0, debits)} if lines else {})
    return micros


def hold_and_commit(engine: Engine, seed: int, stop: threading.Event) -> None:
    """Transactions of one or three entries, held open while others commit; some are rolled back."""
    dice, bank = random.Random(seed), accounts.bank(f"b{seed}", "RUB")
    for i in range(25):
        name = {dice.choice(NAMES): dice.randint(1, 99)}
        with engine.connect() as connection, Session(connection) as session:
            for j in range(dice.choice((1, 1, 3))):
                move(session, f"{seed}:{i}:{j}", name, bank=bank)
            if dice.random() < 0.4:
                stop.wait(dice.random() * 0.02)
            session.rollback() if dice.random() < 0.2 else session.commit()


def compound(engine: Engine, seed: int, _: threading.Event) -> None:
    dice = random.Random(seed)
    for i in range(25):
        with transaction(engine) as session:
            move(session, f"{seed}:{i}", some(dice))


def look(engine: Engine, seen: dict[int, Books], stop: threading.Event) -> None:
    """Watermarks, each with the balances that its very snapshot shows."""
    asked = (
        "SELECT a.code, b.balance FROM balance b JOIN account a ON a.id = b.account_id WHERE b.version > 0"
    )
    while not stop.wait(0.005):
        with engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")
            with Session(connection) as session, session.begin():
                n = watermark(session)
                seen[n] = {row.code: row.balance for row in session.execute(text(asked))}


def test_a_watermark_answers_what_a_reader_of_its_snapshot_saw(engine: Engine) -> None:
    """Writers commit late, and in another order than they began; whoever reads by clocks or ids gets this wrong."""
    stop, seen = threading.Event(), dict[int, Books]()
    with ThreadPoolExecutor(10) as pool:
        looking = [pool.submit(look, engine, seen, stop) for _ in range(2)]
        writing = [pool.submit(hold_and_commit, engine, seed, stop) for seed in range(6)]
        writing += [pool.submit(compound, engine, seed, stop) for seed in (7, 8)]
        wait(writing)
        stop.set()
    for each in looking + writing:
        each.result()
    assert len({str(each) for each in seen.values()}) > 5, "the watermarks must see different books"
    chosen = random.Random(1).sample(sorted(seen), min(40, len(seen)))
    for again in range(2):
        with transaction(engine) as session:
            for n in chosen:
                assert shown(session, AsOf(moment=NOW, watermark=n)) == seen[n], n
            move(session, f"later:{again}", dict.fromkeys(NAMES, 5))


def test_a_late_commit_is_not_what_was_recorded_before_it(engine: Engine) -> None:
    with engine.connect() as connection, Session(connection) as late:
        move(late, "begun first", {NAMES[0]: 7})
        with transaction(engine) as session:
            session.execute(text("SELECT pg_current_xact_id()"))  # begun after it, ended before it
        with transaction(engine) as session:
            before = watermark(session)
        late.commit()
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM entry, watermark WHERE recorded_at < taken_at")) == 1
        assert shown(session, AsOf(moment=NOW, watermark=before)) == {}
        assert shown(session, AsOf(moment=NOW, watermark=watermark(session))) == {BANK: -7, NAMES[0]: 7}


def test_a_moment_is_answered_by_the_last_watermark_up_to_it(engine: Engine) -> None:
    at = [NOW - timedelta(hours=hours) for hours in (3, 2, 1)]
    with transaction(engine) as session:
        assert at_moment(session, at[0], NOW) == AsOf(moment=at[0])  # nothing was ever recorded
        empty = watermark(session, at[0])
    for n, moment in enumerate(at[1:]):
        with transaction(engine) as session:
            move(session, f"{n}", {NAMES[0]: 10})
        with transaction(engine) as session:
            watermark(session, moment)
    second = timedelta(seconds=1)
    with transaction(engine) as session:
        before = at_moment(session, at[0] - second, NOW)
        assert (before.watermark, before.final, shown(session, before)) == (None, True, {})
        assert balance_at(session, NAMES[0], "RUB", before)[1].micros == 0
        assert at_moment(session, at[0], NOW).watermark == empty
        for moment, amount, final in (
            (at[1] - second, None, True),
            (at[1], 10, True),
            (at[2] - second, 10, True),
            (at[2], 20, False),
            (NOW, 20, False),
        ):
            found = at_moment(session, moment, NOW)
            assert (shown(session, found).get(NAMES[0]), found.final) == (amount, final), moment
        with pytest.raises(Invalid) as caught:
            at_moment(session, NOW + second, NOW)
        assert caught.value.code == "moment_in_future"


@pytest.mark.parametrize("watermarks", [0, 1])
def test_before_the_first_watermark_nobody_knows(engine: Engine, watermarks: int) -> None:
    with transaction(engine) as session:
        move(session, "old", {NAMES[0]: 1})
    with transaction(engine) as session:
        for _ in range(watermarks):
            watermark(session, NOW)
        with pytest.raises(NotFound) as caught:
            at_moment(session, NOW - timedelta(days=1), NOW)
    assert caught.value.code == "no_watermark"


def test_what_another_cluster_writes_is_later_than_the_watermarks_of_this_one(
    engine: Engine, owner: Engine
) -> None:
    """A restored dump starts with low transaction ids; also when ids ran far ahead of the last entry before."""
    with transaction(engine) as session:
        move(session, "here", {NAMES[0]: 1})
    with transaction(engine) as session, engine.connect() as other:
        other.execute(
            text("SELECT pg_current_xact_id()")
        )  # keeps the watermark's lower end far below its upper one
        for _ in range(20):
            with transaction(engine) as burn:
                burn.execute(text("SELECT pg_current_xact_id()"))
        before = watermark(session)
    with owner.begin() as connection:
        # As in a cluster whose own ids begin at 5: the offset that ledger_epoch() finds, less the ids of this one.
        connection.execute(text("INSERT INTO epoch (system_identifier, xid_offset) SELECT 1, 0"))
        offset = connection.scalar(text("SELECT ledger_epoch()"))
        above = connection.scalar(
            text("SELECT pg_snapshot_xmax(snapshot::pg_snapshot)::text::bigint FROM watermark")
        )
    assert offset > above
    with transaction(engine) as session:
        move(session, "there", {NAMES[0]: 2})
    with transaction(engine) as session:
        assert shown(session, AsOf(moment=NOW, watermark=before)) == {BANK: -1, NAMES[0]: 1}
        assert shown(session, AsOf(moment=NOW, watermark=watermark(session))) == {BANK: -3, NAMES[0]: 3}


def model(booked: list[tuple[date, Books]], day: date) -> Books:
    found: Books = defaultdict(int)
    for amounts in (amounts for on, amounts in booked if on <= day):
        for code, amount in amounts.items():
            found[code] += amount
            found[BANK] -= amount
    return dict(found)


def close_some(engine: Engine, through: date, days: list[date]) -> dict[date, str]:
    """Close up to a day; what each day newly closed answers."""
    with transaction(engine) as session:
        newly = [day for day in days if day <= through and not end_of(session, day).final]
        close_period(session, through.isoformat(), "anna", days[-1] + timedelta(days=9), NOW)
        assert all(end_of(session, day).final for day in newly)
        return {day: repr(trial_balance(session, end_of(session, day))) for day in newly}


@pytest.mark.parametrize("seed", range(3))
def test_days_against_a_plain_model_and_closed_ones_for_ever(engine: Engine, seed: int) -> None:
    """Facts of any day in any order, closings at random moments; a late fact is booked on the first open day."""
    dice = random.Random(seed)
    days = [DAY + timedelta(days=n) for n in range(20)]
    booked: list[tuple[date, Books]] = []
    first_open = days[0]
    printed: dict[date, str] = {}
    for step in range(120):
        if dice.random() < 0.06 and first_open < days[-1]:
            through = dice.choice([day for day in days if first_open <= day][:3])
            printed |= close_some(engine, through, days)
            first_open = through + timedelta(days=1)
        amounts, day = some(dice), dice.choice(days)
        with transaction(engine) as session:
            move(session, f"{step}", amounts, day)
        booked.append((max(day, first_open), amounts))
        if step % 10 == 0:
            with transaction(engine) as session:
                asked = dice.choice(days)
                assert shown(session, end_of(session, asked)) == model(booked, asked)
    assert len(printed) > 3
    with transaction(engine) as session:
        for day in days:
            assert shown(session, end_of(session, day)) == model(booked, day)
        for day, line in printed.items():
            assert repr(trial_balance(session, end_of(session, day))) == line
        assert not end_of(session, days[-1] + timedelta(days=1)).final
