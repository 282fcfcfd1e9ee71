"""Findings are kept once, stay acknowledged, and what is new is never hidden behind what is known."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from uuid import uuid4

import pytest
from by_hand import FREE
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Invalid, KopeckError, NotFound, Refused, Unavailable
from core.ids import public_id
from core.money import Money
from ledger import accounts
from ledger.finding import Finding
from ledger.findings import Found, acknowledge, get_finding, is_halted, last_run, list_findings, record_run
from ledger.halt import refuse_if_halted
from ledger.post import credit, debit, post
from ledger.verify import verify

DAY = date(2026, 11, 2)
ONE = Finding("entry_unbalanced", "entry 1", "sum 1")
WARNING = Finding("reward_clamped", "target 1", "rule x", halts=False)


def move(engine: Engine, number: int) -> None:
    one, legs = Money(1_000_000, "RUB"), accounts.creator(f"c{number}", "available")
    with transaction(engine) as session:
        post(
            session,
            key=f"m{number}:{uuid4()}",
            kind="x",
            effective_on=DAY,
            legs=[debit(accounts.OPENING, one), credit(legs, one)],
        )


def keep(engine: Engine, found: Sequence[Finding], now: datetime) -> tuple[list[Found], int]:
    with transaction(engine) as session:
        return record_run(session, ["entry_unbalanced", "balance_wrong"], found, now, now)


def accept(engine: Engine, id: str, now: datetime, reason: str = "a test") -> Found:
    with transaction(engine) as session:
        return acknowledge(session, id, "Fyodor", reason, now)


def halted(engine: Engine) -> bool:
    with transaction(engine) as session:
        stands = is_halted(session)
        if stands:
            with pytest.raises(Unavailable) as caught:
                refuse_if_halted(session)
            assert caught.value.code == "ledger_halted" and caught.value.retry_after > 0
        else:
            refuse_if_halted(session)
    return stands


def test_a_run_is_kept_with_its_counts(engine: Engine, now: datetime) -> None:
    with transaction(engine) as session:
        assert last_run(session) is None
    assert keep(engine, [], now) == ([], 0)
    found, new = keep(engine, [ONE, WARNING], now)
    assert (len(found), new) == (2, 2)
    with transaction(engine) as session:
        run = last_run(session)
    assert run and run.checks == {"entry_unbalanced": 1, "balance_wrong": 0, "reward_clamped": 1}


def test_only_what_halts_stops_payouts_and_only_until_it_is_acknowledged(
    engine: Engine, now: datetime
) -> None:
    keep(engine, [WARNING], now)
    assert not halted(engine)
    found, new = keep(engine, [ONE, WARNING], now)
    assert (len(found), new) == (2, 1)
    assert halted(engine)
    [one] = [each for each in found if each.halts]
    done = accept(engine, one.id, now)
    assert (done.acknowledged_by, done.reason, done.acknowledged_at) == ("Fyodor", "a test", now)
    assert not halted(engine)
    again, new = keep(engine, [ONE], now)
    assert (new, again) == (0, [done])
    assert not halted(engine)


def test_an_acknowledgement_is_refused_by_name(engine: Engine, now: datetime) -> None:
    [one], _ = keep(engine, [ONE], now)
    for reason, code in (("  ", "reason_missing"), ("x" * 501, "reason_too_long")):
        with pytest.raises(Invalid) as caught:
            accept(engine, one.id, now, reason)
        assert caught.value.code == code
    forged = public_id("fnd", one.key, now)
    for unknown in (public_id("fnd", 99, one.found_at), forged, "fnd_1", "ent_1"):
        with pytest.raises(NotFound):
            accept(engine, unknown, now)
    accept(engine, one.id, now)
    with pytest.raises(Refused) as refused:
        accept(engine, one.id, now)
    assert refused.value.code == "already_acknowledged"


def test_of_many_who_acknowledge_one_does(engine: Engine, now: datetime) -> None:
    [one], _ = keep(engine, [ONE], now)

    def attempt(_: int) -> str:
        try:
            return accept(engine, one.id, now).reason or ""
        except KopeckError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert sorted(answers) == ["a test", *["already_acknowledged"] * 7]


def test_the_application_cannot_take_a_finding_back(engine: Engine, owner: Engine, now: datetime) -> None:
    keep(engine, [ONE], now)
    for statement in ("DELETE FROM finding", "UPDATE finding SET halts = false"):
        with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute(text(statement))
    with owner.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(text("DELETE FROM finding"))


def test_lists_and_pages(engine: Engine, now: datetime) -> None:
    found, _ = keep(engine, [Finding("x", f"s{n}", "d") for n in range(5)], now)
    accept(engine, found[0].id, now)
    with transaction(engine) as session:
        assert [each.subject for each in list_findings(session, limit=2)] == ["s4", "s3"]
        assert [each.subject for each in list_findings(session, before=found[1].key)] == ["s0"]
        assert [each.subject for each in list_findings(session, is_open=False)] == ["s0"]
        assert len(list_findings(session, is_open=True)) == 4
        assert get_finding(session, found[0].id).acknowledged_by == "Fyodor"


def tamper(owner: Engine, statement: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(FREE))
        connection.execute(text(statement))


def test_what_was_acknowledged_stays_the_same_while_the_account_moves_on(
    engine: Engine, owner: Engine, now: datetime
) -> None:
    for _ in range(3):
        move(engine, 1)
    tamper(owner, "UPDATE posting SET amount = amount + 7 WHERE version = 2")
    with transaction(engine) as session:
        before = verify(session)
    assert {each.check for each in before} == {"entry_unbalanced", "running_balance_wrong", "balance_wrong"}
    keep(engine, before, now)
    move(engine, 1)
    with transaction(engine) as session:
        after = verify(session)
    assert sorted(map(repr, after)) == sorted(map(repr, before))
    assert keep(engine, after, now)[1] == 0


def test_a_new_finding_is_not_hidden_behind_many_known_ones(
    engine: Engine, owner: Engine, now: datetime
) -> None:
    for number in range(5):
        move(engine, number)
    tamper(owner, "UPDATE entry SET posting_count = 9 WHERE id < 5")
    with transaction(engine) as session:
        found, new = record_run(session, [], verify(session, 4), now, now)
    assert new == 4
    for each in found:
        accept(engine, each.id, now)
    tamper(owner, "UPDATE entry SET posting_count = 9 WHERE id = 5")
    with transaction(engine) as session:
        found, new = record_run(session, [], verify(session, 4), now, now)
    assert (len(found), new) == (4, 1)
    assert halted(engine)
