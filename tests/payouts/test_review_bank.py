"""What an attacker or an auditor would try with bank statements: forged marks, returns in a crowd, talkative errors."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from bank_world import (
    PAYER,
    approved,
    bank_lines,
    booked,
    content,
    documents,
    foreign,
    imported,
    incoming,
    made,
    payee,
    ru,
    statement_1c,
)
from camt_world import camt, detail, entry
from payout_world import World
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Unavailable
from core.money import Money
from core.settings import load_settings
from ledger import accounts
from ledger.bulk import one_bulk_at_a_time
from ledger.post import credit, debit, post
from payouts.bank.explain import explain_line
from payouts.bank.import_statement import import_statement
from payouts.bank.make_file import make_file
from payouts.bank.payment import end_to_end
from payouts.reconcile import reconcile
from payouts.store import Run
from payouts.tables import payout


def paid_in_rubles(world: World, *amounts: str) -> tuple[Run, list[dict[str, str]]]:
    """A run whose payments the bank has made, and its documents."""
    for number, amount in enumerate(amounts, 1):
        payee(world, f"c{number}", amount, ru(10 + number))
    run = approved(world)
    sent = list(documents(content(world, made(world, run))))
    imported(world, statement_1c(*map(booked, sent)))
    return run, sent


def states(world: World, run: Run) -> list[str]:
    return [each.state for each in world.payouts(run)]


def test_who_knows_a_mark_cannot_undo_a_payout(world: World) -> None:
    """Somebody pays us the same amount and writes the mark into the purpose: no return, a payment nobody knows."""
    run, sent = paid_in_rubles(world, "10")
    forged = incoming("10.00", "Пополнение баланса " + sent[0]["НазначениеПлатежа"])
    statement = imported(world, statement_1c(forged, opening="-10.00"))
    assert [line.outcome for line in bank_lines(world, statement)] == ["unmatched"]
    assert states(world, run) == ["paid"]


@pytest.mark.parametrize("said", ["", "<RvslInd>true</RvslInd>", "code"])
def test_only_the_bank_calls_an_incoming_payment_a_return(world: World, said: str) -> None:
    """Whoever pays chooses the EndToEndId; that it is a return only the bank says, in one of three ways."""
    payee(world, "c1", "10.00", foreign(11), "EUR")
    run = approved(world, "EUR")
    made(world, run, "pain.001")
    with transaction(world.engine) as session:
        row = session.execute(payout.select()).one()
    mark = end_to_end(row.id, row.created_at)
    imported(world, camt(entry("10.00", detail(mark, "10.00")), closing="-10.00"))
    back = entry("10.00", detail(mark, "10.00").replace("Cdtr", "Dbtr"), side="CRDT", reference="B-2")
    family = (
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )
    back = back.replace("<BkTxCd/>", family if said == "code" else f"{said}<BkTxCd/>")
    statement = imported(world, camt(back, opening="-10.00", closing="0.00"))
    assert [line.outcome for line in bank_lines(world, statement)] == ["returned" if said else "unmatched"]
    assert states(world, run) == ["returned" if said else "paid"]


def test_returns_of_many_take_turns_with_a_draft(world: World) -> None:
    """Two come back while a run is drafted for the same two: neither waits for the other in a ring."""
    run, sent = paid_in_rubles(world, "10", "20")
    back = [
        incoming(each["Сумма"], "Возврат. " + each["НазначениеПлатежа"], number=str(70 + place))
        for place, each in enumerate(sent)
    ]
    body = statement_1c(*back, opening="-30.00")
    both = [accounts.creator(name, "available") for name in ("c2", "c1")]
    with ThreadPoolExecutor(1) as pool, transaction(world.engine) as session:
        one_bulk_at_a_time(session)
        earn(session, both[0])
        importing = pool.submit(attempt_import, world, body)
        wait_for_lock(world)
        earn(session, both[1])
        session.commit()
        assert importing.result() == "done"
    assert states(world, run) == ["returned", "returned"]
    assert world.proved()


def earn(session: Session, account: str) -> None:
    """An account's balance is locked, as a draft locks them, newest first."""
    money = Money.parse("1.00", "RUB")
    legs = [debit(accounts.OPENING, money), credit(account, money)]
    post(session, key=f"r:{account}", kind="release", effective_on=date(2026, 11, 2), legs=legs)


def attempt_import(world: World, body: bytes) -> str:
    with transaction(world.engine) as session:
        import_statement(session, world.vault, PAYER, body, "dora", world.now)
    return "done"


def wait_for_lock(world: World) -> None:
    waiting = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    for _ in range(500):
        with transaction(world.engine) as session:
            if session.scalar(waiting):
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")


def test_what_stops_payouts_quotes_no_statement(world: World) -> None:
    """Jobs log their errors: names and purposes of strangers are for those who may read statements."""
    imported(world, statement_1c(incoming("5.00", "Иванову И. И. за квартиру")))
    world.do(reconcile, None, world.now - timedelta(days=1), world.now, world.now)
    payee(world, "c1", "10.00", ru(11))
    run = approved(world)
    with pytest.raises(Unavailable) as caught, transaction(world.engine) as session:
        make_file(session, world.vault, PAYER, run.id, "1c", "dora", world.now)
    assert caught.value.code == "reconciliation_open"
    assert "unmatched_line" in caught.value.detail
    assert not any(word in caught.value.detail for word in ("Иванову", "Ромашка", "*0"))


def test_a_line_of_nothing_can_be_explained(world: World) -> None:
    [line] = bank_lines(world, imported(world, camt(entry("0.00", side="CRDT"), closing="0.00")))
    assert line.outcome == "unmatched"
    settings = load_settings({"KOPECK_HOME": "/nowhere"})
    account = accounts.bank("manual", "EUR")
    done = world.do(explain_line, line.id, account, "a notice", "dora", world.now, settings)
    assert done.outcome == "explained"
