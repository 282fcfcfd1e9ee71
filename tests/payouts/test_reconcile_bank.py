"""Our books beside the bank's statements: what can differ is found, says how much, and ends by itself."""

from datetime import datetime, timedelta

from bank_world import (  # fmt: skip
    OWN_RU,
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

from core.database import transaction
from core.money import Money
from core.settings import load_settings
from ledger import accounts
from ledger.post import credit, debit, post
from payouts.bank.explain import explain_line
from payouts.differences import Difference, list_differences
from payouts.reconcile import reconcile
from payouts.reconcile_read import CurrencySummary, summary
from payouts.settle import settle
from payouts.store import Payout

BANK = accounts.bank("bank", "RUB")


def sent(world: World, *amounts: str) -> tuple[list[Payout], list[dict[str, str]]]:
    """Payouts of a run in a 1C file, and its documents."""
    for number, amount in enumerate(amounts, 1):
        payee(world, f"c{number}", amount, ru(10 + number))
    run = approved(world)
    orders = list(documents(content(world, made(world, run))))
    return world.payouts(run), orders


def compared(world: World, after: timedelta = timedelta(minutes=1)) -> dict[str, str]:
    """Kind and amount of what is open afterwards, by subject."""
    world.now += after
    world.do(reconcile, None, world.now - timedelta(days=90), world.now, world.now)
    return {each.subject: f"{each.kind} {each.amount}" for each in open_(world)}


def open_(world: World) -> list[Difference]:
    with transaction(world.engine) as session:
        return [each for _, each in list_differences(session, world.now)]


def rubles(world: World) -> CurrencySummary:
    with transaction(world.engine) as session:
        [line] = summary(session).currencies
    return line


def test_a_file_and_its_statement_agree(world: World) -> None:
    _, orders = sent(world, "10.00", "20.50")
    imported(world, statement_1c(*map(booked, orders)))
    assert compared(world) == {}
    line = rubles(world)
    assert (line.ledger, line.bank.amount, line.complete, line.open) == (line.bank, "30.50", True, 0)


def test_a_payment_that_no_statement_shows_is_told_after_five_days(world: World) -> None:
    [_, second], orders = sent(world, "10.00", "20.00")
    imported(world, statement_1c(booked(orders[0])))
    assert compared(world, timedelta(days=5, minutes=-1)) == {}
    assert compared(world, timedelta(minutes=2)) == {second.id: "sent_too_long 20.00 RUB"}
    assert open_(world)[0].age_days == 5
    imported(world, statement_1c(booked(orders[1]), opening="-10.00"))
    assert compared(world) == {}


def test_what_a_person_called_paid_and_no_statement_shows(world: World) -> None:
    [payout], orders = sent(world, "10.00")
    world.do(settle, payout.id, "paid", "by telephone", "dora", world.now)
    imported(world, statement_1c(closing="-10.00", opening="-10.00"))
    assert compared(world) == {}
    imported(world, _until(world.now + timedelta(days=2)))
    assert compared(world) == {}
    imported(world, _until(world.now + timedelta(days=3)))
    assert compared(world) == {payout.id: "paid_here_not_there 10.00 RUB"}
    line = rubles(world)
    assert (line.ledger - line.bank).amount == line.amount.amount == "10.00"
    imported(world, statement_1c(booked(orders[0]), opening="0.00"))
    assert compared(world) == {}


def test_a_line_that_nobody_knows_stands_until_it_is_explained(world: World) -> None:
    statement = imported(world, statement_1c(incoming("7.00", "Проценты")))
    [line] = bank_lines(world, statement)
    assert compared(world) == {line.id: "unmatched_line 7.00 RUB"}
    assert "Проценты" in open_(world)[0].detail and rubles(world).suspense.amount == "-7.00"
    settings = load_settings({"KOPECK_HOME": "/nowhere"})
    by = {"person": "dora", "now": world.now, "settings": settings}
    world.do(explain_line, line.id, "income:fees:bank", "interest", **by)
    assert compared(world) == {}


def test_an_account_that_stands_elsewhere_than_the_bank_says(world: World) -> None:
    """Told with the import, kept by each look, and over when the books follow."""
    imported(world, statement_1c(opening="100.00"))
    subject = f"{BANK} *{OWN_RU[-4:]}"
    assert compared(world, timedelta(days=2)) == {subject: "statement_balance_differs -100.00 RUB"}
    hundred = Money.parse("100.00", "RUB")
    legs = [debit(BANK, hundred), credit(accounts.OPENING, hundred)]
    world.do(post, key="opened", kind="opening", effective_on=world.now.date(), legs=legs)
    assert compared(world) == {}
    with transaction(world.engine) as session:
        [(_, over)] = list_differences(session, world.now, state="resolved")
    assert (over.resolved_by, over.reason, over.age_days) == (None, "gone by itself", 2)


def _until(day: datetime) -> bytes:
    """A statement without a line that ends on that day."""
    return statement_1c(opening="-10.00").replace(
        "ДатаКонца=02.11.2026".encode("cp1251"), f"ДатаКонца={day:%d.%m.%Y}".encode("cp1251")
    )
