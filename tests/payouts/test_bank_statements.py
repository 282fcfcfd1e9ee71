"""Statements settle payouts once, return them once (X9), and what they do not know stands in suspense."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bank_world import (
    OWN_RU,
    PAYER,
    approved,
    bank_lines,
    booked,
    content,
    documents,
    imported,
    incoming,
    made,
    payee,
    ru,
    statement_1c,
)
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.settings import load_settings
from ledger import accounts
from ledger.balances import natural
from payouts.bank.explain import explain_line
from payouts.bank.import_statement import import_statement
from payouts.read import get_run
from payouts.settle import settle
from payouts.store import Run

SETTINGS = load_settings({"KOPECK_HOME": "/nowhere"})
BANK, SUSPENSE = accounts.bank("bank", "RUB"), accounts.suspense("RUB")


def paid_out(world: World, *amounts: str) -> tuple[Run, list[dict[str, str]]]:
    """A run in a 1C file, and its documents."""
    for number, amount in enumerate(amounts, 1):
        payee(world, f"c{number}", amount, ru(10 + number))
    run = approved(world)
    return run, list(documents(content(world, made(world, run))))


def held(world: World, *codes: str) -> list[str]:
    with transaction(world.engine) as session:
        found = natural(session, codes, "RUB")
    return [found[code].amount for code in codes]


def states(world: World, run: Run) -> list[str]:
    return [payout.state for payout in world.payouts(run)]


def differences(world: World) -> list[Any]:
    with transaction(world.engine) as session:
        return list(session.execute(text("SELECT * FROM difference ORDER BY id")))


def available(world: World, creator: str) -> str:
    return held(world, accounts.creator(creator, "available"))[0]


def test_the_statement_of_a_file_pays_every_payout(world: World) -> None:
    run, sent = paid_out(world, "10", "20.50", "30")
    statement = imported(world, statement_1c(*map(booked, sent), opening="100.00"))
    assert states(world, run) == ["paid"] * 3
    assert statement.lines == {"paid": 3, "returned": 0, "known": 0, "unmatched": 0, "explained": 0}
    with transaction(world.engine) as session:
        assert get_run(session, run.id).state == "done"
    assert [line.payout for line in bank_lines(world, statement)] == [each.id for each in world.payouts(run)]
    assert held(world, BANK, SUSPENSE) == ["-60.50", "0.00"]
    [difference] = differences(world)
    assert (difference.kind, difference.amount, difference.resolved_at) == (
        "statement_balance_differs",
        -100_000_000,
        None,
    )


def test_the_same_statement_counts_once_and_so_do_overlapping_ones(world: World) -> None:
    run, sent = paid_out(world, "10", "20")
    first = statement_1c(booked(sent[0]), opening="0.00")
    once = imported(world, first)
    assert imported(world, first) == once
    both = imported(world, statement_1c(booked(sent[0]), booked(sent[1])))
    assert [line.outcome for line in bank_lines(world, both)] == ["paid"]
    assert states(world, run) == ["paid", "paid"]
    assert held(world, BANK) == ["-30.00"]
    assert differences(world) == []


def test_a_statement_of_the_morning_that_comes_late_is_no_difference(world: World) -> None:
    run, sent = paid_out(world, "10", "20")
    evening = statement_1c(*map(booked, sent))
    imported(world, evening)
    imported(world, statement_1c(booked(sent[0])))
    assert states(world, run) == ["paid", "paid"]
    assert differences(world) == []
    imported(world, evening)
    assert differences(world) == []


def test_one_return_comes_back_once(world: World) -> None:
    run, sent = paid_out(world, "10", "20")
    imported(world, statement_1c(*map(booked, sent)))
    purpose = "Возврат платежа: счёт закрыт. " + sent[1]["НазначениеПлатежа"]
    back = incoming("20.00", purpose, day="03.11.2026")
    returned = imported(world, statement_1c(back, opening="-30.00", since="03.11.2026"))
    assert states(world, run) == ["paid", "returned"]
    assert available(world, "c2") == "20.00"
    again = imported(world, statement_1c(back | {"Номер": "78"}, opening="-10.00", since="03.11.2026"))
    assert [returned.lines["returned"], again.lines["returned"], again.lines["unmatched"]] == [1, 0, 1]
    assert available(world, "c2") == "20.00"
    assert held(world, BANK, SUSPENSE) == ["10.00", "-20.00"]


def test_marked_as_executed_by_hand_is_known_to_the_statement(world: World) -> None:
    run, sent = paid_out(world, "10", "20")
    for payout in world.payouts(run):
        world.do(settle, payout.id, "paid", "bank said so", "dora", world.now)
    back = incoming("10.00", "Возврат " + sent[0]["НазначениеПлатежа"])
    statement = imported(world, statement_1c(*map(booked, sent), back))
    assert [line.outcome for line in bank_lines(world, statement)] == ["known", "known", "returned"]
    assert states(world, run) == ["returned", "paid"]
    assert held(world, BANK, SUSPENSE) == ["-20.00", "0.00"]
    assert differences(world) == []


def test_without_the_mark_number_amount_and_account_decide(world: World) -> None:
    run, sent = paid_out(world, "10", "20", "30")
    bare = [booked(each, НазначениеПлатежа="Вознаграждение") for each in sent]
    bare[1] |= {"ПолучательСчет": sent[0]["ПолучательСчет"], "ПолучательРасчСчет": sent[0]["ПолучательСчет"]}
    bare[2] |= {"Номер": "999"}
    statement = imported(world, statement_1c(*bare))
    assert [line.outcome for line in bank_lines(world, statement)] == ["paid", "unmatched", "unmatched"]
    back = incoming("10.00", "Возврат по п/п №1: реквизиты неверны") | {
        "ПлательщикСчет": sent[0]["ПолучательСчет"]
    }
    other = incoming("10.00", "Возврат по п/п №1: реквизиты неверны", number="78")
    statement = imported(world, statement_1c(back, other, opening="-60.00"))
    assert [line.outcome for line in bank_lines(world, statement)] == ["returned", "unmatched"]
    assert states(world, run) == ["returned", "sent", "sent"]


def test_another_amount_and_a_second_payment_stand_in_suspense(world: World) -> None:
    run, sent = paid_out(world, "10", "20")
    twice = [booked(sent[0], Сумма="10.01"), booked(sent[1]), booked(sent[1], Номер="9")]
    statement = imported(world, statement_1c(*twice))
    assert sorted(line.outcome for line in bank_lines(world, statement)) == ["paid", "unmatched", "unmatched"]
    assert states(world, run) == ["sent", "paid"]
    assert held(world, BANK, SUSPENSE) == ["-50.01", "30.01"]
    assert differences(world) == []


def test_two_equal_lines_of_a_day_are_two(world: World) -> None:
    fee = incoming("5.00", "Проценты")
    statement = imported(world, statement_1c(fee, fee))
    assert (statement.lines["unmatched"], held(world, BANK)) == (2, ["10.00"])


def test_a_person_explains_what_is_left(world: World) -> None:
    statement = imported(world, statement_1c(incoming("500.00", "Пополнение"), incoming("7.00", "Проценты")))
    deposit, interest = bank_lines(world, statement)
    by = {"person": "dora", "now": world.now, "settings": SETTINGS}
    done = world.do(explain_line, deposit.id, accounts.bank("manual", "RUB"), "deposit d-1", **by)
    assert (done.outcome, done.explained_by, done.explanation) == ("explained", "dora", "deposit d-1")
    world.do(explain_line, interest.id, "income:fees:bank", "interest", **by)
    assert held(world, SUSPENSE, accounts.bank("manual", "RUB"), "income:fees:bank") == [
        *("0.00", "-500.00", "7.00"),
    ]
    assert world.refused(explain_line, interest.id, "income:fees:bank", "x", **by) == "line_not_unmatched"
    assert world.refused(explain_line, interest.id[:-1], "income:fees:bank", "x", **by) == "not_found"


def test_what_changes_the_result_above_the_limit_takes_the_way_of_adjustments(world: World) -> None:
    [line] = bank_lines(world, imported(world, statement_1c(incoming("100000.01", "?"))))
    by = {"person": "dora", "now": world.now, "settings": SETTINGS}
    assert world.refused(explain_line, line.id, "expenses:writeoff", "x", **by) == "above_limit"
    assert (
        world.refused(explain_line, line.id, accounts.creator("c1", "available"), "x", **by) == "bad_account"
    )
    world.do(explain_line, line.id, accounts.bank("manual", "RUB"), "x", **by)


def test_a_foreign_account_is_refused(world: World) -> None:
    body = statement_1c().replace(OWN_RU.encode(), b"40702810900000000001")
    assert world.refused(import_statement, world.vault, PAYER, body, "dora", world.now) == "not_our_account"


@pytest.mark.parametrize("same", [True, False])
def test_imports_at_once_take_turns(world: World, same: bool) -> None:
    run, sent = paid_out(world, *["10"] * 20)
    lines = [booked(each) for each in sent]
    bodies = [statement_1c(*lines) if same else statement_1c(*lines[: 10 + n]) for n in range(8)]

    def go(body: bytes) -> str:
        with transaction(world.engine) as session:
            return import_statement(session, world.vault, PAYER, body, "dora", world.now).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(go, bodies))
    assert len(set(ids)) == (1 if same else 8)
    assert Counter(states(world, run)) == {"paid": 20 if same else 17} | ({} if same else {"sent": 3})
    assert world.proved()
    assert held(world, SUSPENSE) == ["0.00"]


def test_statement_and_person_at_once_settle_once(world: World) -> None:
    run, sent = paid_out(world, *["10"] * 10)
    body = statement_1c(*map(booked, sent))

    def by_hand(payout: str) -> None:
        with transaction(world.engine) as session:
            settle(session, payout, "paid", "by hand", "eva", world.now)

    with ThreadPoolExecutor(11) as pool:
        hands = [pool.submit(by_hand, each.id) for each in world.payouts(run)]
        pool.submit(lambda: imported(world, body)).result()
        errors = [type(each.exception()).__name__ for each in hands if each.exception()]
    assert set(errors) <= {"Refused"}
    assert states(world, run) == ["paid"] * 10
    assert world.proved()
    assert held(world, BANK, SUSPENSE) == ["-100.00", "0.00"]
