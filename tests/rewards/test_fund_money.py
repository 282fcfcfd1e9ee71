"""Transfers, grants and sellers' money: who may, what is refused, and figures that are the books'."""

from datetime import UTC, datetime, timedelta

import pytest
from fund_world import figures, give, line, look, pay_in, propose, seller, transfer
from reward_world import START, World, rub
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Invalid, KopeckError, NotFound, Refused
from core.money import Money
from core.settings import load_settings
from jobs.checks import CHECKS
from ledger import accounts
from ledger.adjust import adjust
from ledger.decide import approve
from ledger.post import credit, debit
from ledger.statement import statement
from ledger.verify import run_checks
from rewards.grants import approve_grant, decline_grant, get_grant, grant, list_grants
from rewards.read import earnings
from rewards.seller_money import deposit_of_seller, list_seller_deposits, seller_money
from rewards.transfers import approve_transfer, decline_transfer, list_transfers, propose_transfer

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b")
    made.content("a1", "a")
    made.fund(line="100.00")
    line(made, "m", "100.00")
    return made


def proved(world: World) -> None:
    with transaction(world.engine) as session:
        assert run_checks(session, CHECKS) == []


def code_of(caught: pytest.ExceptionInfo[KopeckError]) -> str:
    return caught.value.code


def test_a_transfer_needs_two_people_and_the_money(world: World) -> None:
    made = propose(world, "l", "m", "60.00")
    assert figures(world)["balance"] == "100.00"
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        approve_transfer(session, "main", made, " OLGA ", world.now, world.settings)
    assert code_of(caught) == "own_transfer"
    with transaction(world.engine) as session:
        done = approve_transfer(session, "main", made, "Oleg", world.now, world.settings)
    assert (done.state, done.decided_by, done.decided_at) == ("done", "Oleg", NOW) and done.entry
    assert [figures(world, each)["balance"] for each in "lm"] == ["40.00", "160.00"]

    more = propose(world, "l", "m", "40.01")
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        approve_transfer(session, "main", more, "Oleg", world.now, world.settings)
    assert code_of(caught) == "not_enough_money" and caught.value.fields["holds"] == "40.00"
    with transaction(world.engine) as session:
        assert decline_transfer(session, "main", more, "Olga", world.now).state == "declined"
    for verb in (approve_transfer, decline_transfer):
        rest = (world.settings,) if verb is approve_transfer else ()
        with pytest.raises(Refused) as caught, transaction(world.engine) as session:
            verb(session, "main", more, "Oleg", world.now, *rest)  # type: ignore[operator]
        assert code_of(caught) == "transfer_decided"
    with transaction(world.engine) as session:
        states = [each.state for _, each in list_transfers(session, "main", None, 10, None)]
        assert states == ["declined", "done"]
        assert len(list_transfers(session, "main", "done", 10, None)) == 1
    proved(world)


def test_a_transfer_between_what_is_not_there_is_refused(world: World) -> None:
    asked = [
        ("l", "none", "1.00", "unknown_reference"),
        ("none", "l", "1.00", "unknown_reference"),
        ("l", "l", "1.00", "same_line"),
    ]
    for source, target, amount, code in asked:
        with pytest.raises(Invalid) as caught, transaction(world.engine) as session:
            propose_transfer(session, "main", source, target, rub(amount), "x", "Olga", world.now)
        assert code_of(caught) == code
    with pytest.raises(NotFound), transaction(world.engine) as session:
        propose_transfer(session, "none", "l", "m", rub("1.00"), "x", "Olga", world.now)
    made = propose(world, "l", "m", "1.00")
    world.sql("INSERT INTO fund (id, name, currency, budget) VALUES ('other', 'o', 'RUB', 1000000)")
    with pytest.raises(NotFound), transaction(world.engine) as session:
        approve_transfer(session, "other", made, "Oleg", world.now, world.settings)


def test_a_grant_is_available_at_once_and_stands_in_the_statement_alone(world: World) -> None:
    made = give(world, "a", "30.00")
    assert (made.state, made.decided_by, made.proposed_by) == ("done", None, "Olga")
    assert (world.balance("a:available"), figures(world)["balance"]) == ("30.00", "70.00")
    with transaction(world.engine) as session:
        shown = statement(session, [accounts.creator("a", "available")], "RUB", START, NOW.date())
        assert [(each.kind, each.note) for each in shown.lines] == [("fund.grant", "prize")]
        assert earnings(session, "a", START, NOW.date(), "day") == []
        assert [each.id for _, each in list_grants(session, "main", "l", "done", 10, None)] == [made.id]
        assert list_grants(session, "main", "m", None, 10, None) == []
    proved(world)


def test_a_large_grant_waits_for_another_person(world: World) -> None:
    world.settings = load_settings({"KOPECK_HOME": "/nonexistent", "KOPECK_GRANT_LIMIT": "50"})
    assert give(world, "a", "50.00").state == "done"
    large = give(world, "a", "50.01")
    assert (large.state, figures(world)["balance"]) == ("proposed", "50.00")
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        approve_grant(session, large.id, "olga", world.now, world.settings)
    assert code_of(caught) == "own_grant"
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        approve_grant(session, large.id, "Oleg", world.now, world.settings)
    assert code_of(caught) == "not_enough_money" and caught.value.fields["holds"] == "50.00"
    transfer(world, "m", "l", "10.00")
    with transaction(world.engine) as session:
        done = approve_grant(session, large.id, "Oleg", world.now, world.settings)
        assert (done.state, done.decided_by) == ("done", "Oleg")
    assert world.balance("a:available") == "100.01"
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        decline_grant(session, large.id, "Oleg", world.now)
    assert code_of(caught) == "grant_decided"
    again = give(world, "a", "80.00")
    with transaction(world.engine) as session:
        assert decline_grant(session, again.id, "Olga", world.now).state == "declined"
        assert get_grant(session, again.id).entry is None
    proved(world)


def test_a_grant_that_cannot_be_is_refused(world: World) -> None:
    world.sql("UPDATE creator SET status = 'suspended' WHERE id = 'b'")
    asked = [
        ("nobody", "l", rub("1.00"), Invalid, "unknown_reference"),
        ("b", "l", rub("1.00"), Refused, "creator_suspended"),
        ("a", "l", Money(1_000_000, "USD"), Invalid, "wrong_currency"),
        ("a", "l", rub("100.01"), Refused, "not_enough_money"),
        ("a", "none", rub("1.00"), NotFound, "not_found"),
    ]
    for creator, of, amount, kind, code in asked:
        with pytest.raises(kind) as caught, transaction(world.engine) as session:
            grant(session, "main", of, creator, amount, "x", "Olga", world.now, world.settings)
        assert code_of(caught) == code
    assert world.sql("SELECT count(*) FROM fund_grant").scalar() == 0


def test_a_lines_figures_are_the_books(world: World) -> None:
    """Allocated, transferred, adjusted and spent add up to what the line holds, whatever happened."""
    world.program(SALE)
    world.sale("o1", "a1", START, "200.00")
    world.run()
    world.refund("o1", "100.00")
    world.run()
    give(world, "a", "20.00")
    transfer(world, "m", "l", "7.00")
    transfer(world, "l", "m", "2.00")
    with transaction(world.engine) as session:
        legs = [debit(accounts.OPENING, rub("3.00")), credit(accounts.fund_line("main", "l"), rub("3.00"))]
        adjust(session, legs, "found", "Olga", world.now, world.settings)
    expected = {
        "balance": "83.00",
        "allocated": "100.00",
        "transferred": "5.00",
        "adjusted": "3.00",
        "spent": "25.00",
        "granted": "20.00",
        "waiting": "0.00",
    }
    assert figures(world) == expected
    assert figures(world, "m") | {"transferred": "-5.00", "balance": "95.00"} == figures(world, "m")
    proved(world)


def test_a_line_lasts_as_long_as_the_last_week_says(world: World) -> None:
    assert look(world).lines[0].exhausts_on is None
    give(world, "a", "10.00")
    assert look(world).lines[0].exhausts_on == NOW.date() + timedelta(9), "its first day counts as a day"
    world.later(days=2)
    assert look(world).lines[0].exhausts_on == world.now.date() + timedelta(18), "10.00 in two days"
    world.later(days=6)
    assert look(world).lines[0].exhausts_on is None, "a week without spending"


def test_a_sellers_money_pays_its_own_program_and_no_line(world: World) -> None:
    seller(world)
    world.program(SALE, sellers=True)
    world.sale("o1", "a1", START, "200.00")
    world.run()
    assert world.balance("a:available") == "0.00"
    pay_in(world, "s", "4.00")
    pay_in(world, "s", "5.00")
    pay_in(world, "s", "5.00")
    world.run()
    with transaction(world.engine) as session:
        [pot] = seller_money(session, "s").balances
        paid = [each.amount for _, each in list_seller_deposits(session, "s", 10, None)]
    assert (world.balance("a:available"), pot.balance, pot.currency) == ("10.00", rub("4.00"), "RUB")
    assert paid == [rub("4.00"), rub("5.00"), rub("5.00")]
    assert figures(world)["spent"] == "0.00"
    for act in (seller_money, lambda s, name: list_seller_deposits(s, name, 10, None)):
        with pytest.raises(NotFound), transaction(world.engine) as session:
            act(session, "nobody")
    with pytest.raises(NotFound), transaction(world.engine) as session:
        deposit_of_seller(session, "nobody", rub("1.00"), None, "f", world.now, world.settings)
    proved(world)


def test_a_creators_debt_of_a_seller_funded_program_is_written_off_by_two_people(world: World) -> None:
    """The refund credits the seller at once; the creator was paid out already, so the platform bears the debt."""
    world.settings = load_settings({"KOPECK_HOME": "/nonexistent", "KOPECK_ADJUSTMENT_LIMIT": "0"})
    seller(world)
    pay_in(world, "s", "10.00")
    world.program(SALE, sellers=True)
    world.sale("o1", "a1", START, "200.00")
    world.run()
    pot = accounts.creator("a", "available")
    paid_out = [debit(pot, rub("10.00")), credit(accounts.bank("manual", "RUB"), rub("10.00"))]
    with transaction(world.engine) as session:
        asked = adjust(session, paid_out, "paid by hand", "Olga", world.now, world.settings)
        approve(session, asked.id, "Oleg", world.now)
    world.refund("o1", "200.00")
    world.run()
    with transaction(world.engine) as session:
        assert seller_money(session, "s").balances[0].balance == rub("10.00")
    assert world.balance("a:available") == "-10.00"
    debt = [debit("expenses:writeoff", rub("10.00")), credit(pot, rub("10.00"))]
    with transaction(world.engine) as session:
        asked = adjust(session, debt, "debt of order o1", "Olga", world.now, world.settings)
    assert asked.state == "proposed"
    with pytest.raises(Refused) as caught, transaction(world.engine) as session:
        approve(session, asked.id, "Olga", world.now)
    assert code_of(caught) == "own_adjustment"
    with transaction(world.engine) as session:
        approve(session, asked.id, "Oleg", world.now)
    assert world.balance("a:available") == "0.00"
    proved(world)
