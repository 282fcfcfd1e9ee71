"""Tax on the year's base, payout after payout; `World` proves the books after every step."""

import random
from datetime import date, timedelta

import pytest
from payout_world import World
from sqlalchemy import text
from tax_world import owed, pay, tax_on, withhold

from core.database import transaction
from core.money import MICROS, Money
from payouts.approve import approve_run
from payouts.cancel import cancel_payout, cancel_run
from payouts.read import get_payout, payable, why_not
from payouts.send import send_manual
from payouts.settle import reverse_row, settle
from payouts.store import Payout, find_payout
from payouts.tax_register import tax_rows
from payouts.withholding import Band, add_withholding, list_withholdings


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


@pytest.mark.parametrize(
    ("gross", "tax"),
    [
        ("2400000.00", "312000.00"),
        ("2399999.99", "312000.00"),
        ("2400000.01", "312000.00"),
        ("5000000.00", "702000.00"),
        ("20000000.00", "3402000.00"),
        ("50000000.00", "9402000.00"),
        ("60000000.00", "11602000.00"),
        ("11.50", "1.00"),  # 1.495
        ("11.54", "2.00"),  # 1.5002
        ("3.84", "0.00"),  # 0.4992
        ("3.85", "1.00"),  # 0.5005
        ("50.00", "7.00"),  # 6.50, half up
    ],
)
def test_the_scale(world: World, gross: str, tax: str) -> None:
    withhold(world)
    world.creator("c1", gross)
    assert world.do(payable, "c1", "RUB", world.now) == rub(gross)
    [payout] = world.payouts(world.drafted())
    assert (payout.tax, payout.tax_kind, payout.amount + payout.tax) == (rub(tax), "ndfl", rub(gross))
    assert payout.tax.micros == tax_on(rub(gross).micros) == owed(world)
    assert world.pots("c1") == ("0.00", payout.amount.amount, "0.00")


def test_random_payouts_and_returns_are_one_computation(world: World) -> None:
    """RU2: what was withheld in a year is the tax on what was paid in it, whatever came back meanwhile."""
    lot = random.Random(7)
    withhold(world)
    names = [f"c{n:02d}" for n in range(12)]
    for name in names:
        world.creator(name)
    live: dict[str, list[tuple[str, int, int]]] = {name: [] for name in names}
    for month in range(13):
        year = world.now.year
        world.now += timedelta(days=31)
        if world.now.year != year:  # everybody's base begins again
            live = {name: [] for name in names}
        for name in names:
            world.earn(
                name, f"{lot.choice((9, 900, 90_000, 3_000_000, 20_000_000))}.{lot.randrange(100):02d}"
            )
        for name, payout in pay(world).items():
            base = sum(gross for _, gross, _ in live[name])
            held = sum(tax for _, _, tax in live[name])
            gross = payout.amount.micros + payout.tax.micros
            assert payout.tax.micros == max(tax_on(base + gross) - held, 0), (month, name)
            live[name].append((payout.id, gross, payout.tax.micros))
        for name in lot.sample(names, 4):
            back = live[name].pop(lot.randrange(len(live[name])))
            with transaction(world.engine) as session:
                settle(session, back[0], "returned", "pp-2", "anna", world.now)
    for name in names:  # a large last one makes good whatever returns had left too high
        world.earn(name, "90000000.00")
    for name, payout in pay(world).items():
        base = sum(gross for _, gross, _ in live[name]) + payout.amount.micros + payout.tax.micros
        assert sum(tax for _, _, tax in live[name]) + payout.tax.micros == tax_on(base), name


def test_whatever_comes_to_nothing_gives_tax_and_base_back(world: World) -> None:
    """RU3: a run and a payout cancelled, a failed one, a returned one, one reversed in two parts."""
    withhold(world)
    world.creator("c1", "2400000.00")
    gross, withheld = rub("2400000.00"), rub("312000.00")

    def again() -> Payout:
        [payout] = world.payouts(world.drafted())
        assert (payout.tax, owed(world)) == (withheld, withheld.micros)
        return payout

    def gone() -> None:
        assert (owed(world), world.pots("c1")[:2]) == (0, ("2400000.00", "0.00"))
        assert world.do(payable, "c1", "RUB", world.now) == gross

    world.do(cancel_payout, again().id, "anna", world.now)
    gone()
    world.do(cancel_run, again().run, "anna", world.now)
    gone()
    for outcomes in (("failed",), ("paid", "returned")):
        payout = again()
        world.do(approve_run, payout.run, "boris", world.now)
        world.do(send_manual, world.now)
        for outcome in outcomes:
            world.do(settle, payout.id, outcome, "pp", "anna", world.now)
        gone()
    id = pay(world)["c1"].id

    def reversed_to(amount: Money) -> None:
        with transaction(world.engine) as session:
            reverse_row(session, find_payout(session, id, lock=True), amount, "trr", world.now)
        assert world.proved()

    reversed_to(rub("1000000.00"))
    assert world.pots("c1")[0] == "1000000.00"
    assert owed(world) == withheld.micros
    assert world.do(get_payout, id).reversed == rub("1000000.00")
    reversed_to(rub("2088000.00"))
    assert world.do(get_payout, id).state == "returned"
    gone()


def test_what_was_withheld_too_much_lowers_the_next_tax(world: World) -> None:
    withhold(world)
    world.creator("c1", "1000000.00")
    first = pay(world)["c1"]
    with transaction(world.engine) as session:
        reverse_row(session, find_payout(session, first.id, lock=True), rub("500000.00"), "trr", world.now)
    [second] = world.payouts(world.drafted())
    assert (second.amount, second.tax) == (rub("500000.00"), rub("0.00"))
    assert owed(world) == tax_on(1_000_000 * MICROS)


def test_statuses_currencies_and_kinds_are_taxed_apart(world: World) -> None:
    withhold(world)
    world.creator("person", "100.00")
    world.creator("abroad", "100.00")
    world.creator("firm", "100.00")
    world.earn("person", "100.00", "USD")
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payee SET tax_status = 'non_resident' WHERE creator = 'abroad'"))
        session.execute(text("UPDATE payee SET tax_status = 'company' WHERE creator = 'firm'"))
    paid = pay(world)
    assert [(paid[name].tax.amount, paid[name].tax_kind) for name in ("person", "abroad", "firm")] == [
        ("13.00", "ndfl"),
        ("30.00", "ndfl-nonresident"),
        ("0.00", None),
    ]
    world.request(currency="USD")
    assert world.draft().total == Money.parse("100.00", "USD")
    # Who becomes a resident begins a year of the resident's scale; what the other scale withheld stands.
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payee SET tax_status = 'individual' WHERE creator = 'abroad'"))
    world.earn("abroad", "100.00")
    assert pay(world)["abroad"].tax == rub("13.00")
    with transaction(world.engine) as session:
        rows = list(tax_rows(session, world.now.date(), world.now.date()))
        assert list(tax_rows(session, date(2026, 1, 1), world.now.date() - timedelta(days=1))) == []
    assert sum(row.tax.micros for row in rows) == owed(world) + owed(world, "ndfl-nonresident")
    assert all(row.gross == row.tax + row.net for row in rows) and len(rows) == 5


def test_dearer_than_the_money_waits(world: World) -> None:
    """Under one kind a new scale is for the whole year: what is missing may be more than the next payout."""
    withhold(world)
    world.creator("c1", "1000.00")
    assert pay(world)["c1"].tax == rub("130.00")
    world.now += timedelta(days=1)
    half = [Band(None, "0.50")]
    rules = {"tax_status": "individual", "currency": "RUB", "kind": "ndfl", "valid_from": world.now.date()}
    world.do(add_withholding, **rules, bands=half, person="anna", now=world.now)
    world.earn("c1", "700.00")
    assert world.do(payable, "c1", "RUB", world.now) == rub("0.00")
    assert world.do(why_not, "c1", "RUB", world.now) == "below_minimum"
    world.earn("c1", "100.00")
    paid = pay(world)["c1"]
    assert (paid.tax, paid.amount) == (rub("770.00"), rub("30.00"))


def test_rules_are_laid_down_once_for_a_day(world: World) -> None:
    rules = {"tax_status": "individual", "currency": "RUB", "kind": "ndfl", "valid_from": world.now.date()}
    ten = [Band(rub("100.50"), "0.1"), Band(None, "0")]
    made = world.do(add_withholding, **rules, bands=ten, person="anna", now=world.now)
    assert made.bands == ten and world.do(list_withholdings) == [made]
    again = {"person": "anna", "now": world.now + timedelta(days=3)}
    assert world.do(add_withholding, **rules, bands=ten, **again) == made
    for changed, code in (
        ({"kind": "x"}, "withholding_exists"),
        ({"valid_from": date(2026, 1, 1)}, "in_the_past"),
        ({"kind": "НДФЛ"}, "bad_kind"),
        ({"tax_status": "rich"}, "bad_tax_status"),
        ({"bands": []}, "bad_bands"),
        ({"bands": [Band(rub("1.00"), "0.1")]}, "bad_bands"),
        ({"bands": [Band(None, "0.1"), Band(None, "0.2")]}, "bad_bands"),
        ({"bands": [Band(rub("2.00"), "0.1"), Band(rub("2.00"), "0.1"), Band(None, "0.2")]}, "bad_bands"),
        ({"bands": [Band(Money.parse("1.00", "USD"), "0.1"), Band(None, "0.2")]}, "bad_bands"),
        ({"bands": [Band(None, "1")]}, "bad_bands"),
        ({"bands": [Band(None, "0.1234567")]}, "bad_bands"),
    ):
        assert world.refused(add_withholding, **{**rules, "bands": ten} | changed, **again) == code
