"""Refunds: what they are worth, what is too much, what waits for its purchase (N3)."""

import pytest
from attribution_market import (
    NOW,
    counts,
    one,
    purchase,
    refund,
    rows,
    run_jobs,
    run_unpark,
    send,
    stock,
    tag,
    view,
)

M = 1_000_000


@pytest.fixture
def market(engine):
    stock(engine)
    tag(engine, "c1", "p1")
    return engine


def left(engine):
    return rows(engine, "SELECT refunded, returned FROM purchase")[0]


def money(amount, currency="RUB"):
    return {"amount": amount, "currency": currency}


def test_by_quantity_in_parts_leaves_nothing_and_rounds_to_the_minor_unit(market):
    send(market, [purchase("b", "o", quantity=3, amount="100.00")])
    for n, worth in enumerate([33_330_000, 33_340_000, 33_330_000]):
        assert counts(send(market, [refund(f"x{n}", "o", quantity=1)])) == (1, 0, 0, 0, 0)
        assert one(market, "SELECT amount FROM refund ORDER BY id DESC LIMIT 1") == worth
    assert left(market) == (100 * M, 3)
    result = send(market, [refund("x9", "o", quantity=1)])
    assert [(error.index, error.id, error.code) for error in result.errors] == [
        (0, "x9", "refund_exceeds_purchase")
    ]


def test_all_parts_in_one_batch_apply_in_row_order(market):
    send(market, [purchase("b", "o", quantity=3, amount="100.00")])
    parts = [refund(f"x{n}", "o", quantity=1) for n in range(2)] + [
        refund("x3", "o", quantity=2),
        refund("x4", "o", quantity=1),
    ]
    result = send(market, parts)
    assert counts(result) == (3, 0, 0, 0, 1)
    assert [(error.index, error.code) for error in result.errors] == [(2, "refund_exceeds_purchase")]
    assert left(market) == (100 * M, 3)


@pytest.mark.parametrize(
    ("currency", "amount", "first"),
    [("JPY", "100", 33 * M), ("KWD", "100.000", 33_333_000), ("RUB", "0.01", 0)],
)
def test_the_minor_unit_is_the_currencys(market, currency, amount, first):
    send(market, [purchase("b", "o", quantity=3, amount=amount, currency=currency)])
    send(market, [refund("x", "o", quantity=1)])
    assert one(market, "SELECT amount FROM refund") == first


def test_by_amount_the_amount_is_the_money_and_units_count_beside_it(market):
    send(market, [purchase("b", "o", quantity=2, amount="100.00")])
    assert counts(send(market, [refund("x1", "o", **money("70.00"))])) == (1, 0, 0, 0, 0)
    assert counts(send(market, [refund("x2", "o", quantity=1)])) == (1, 0, 0, 0, 0)
    assert one(market, "SELECT amount FROM refund WHERE event_id = 'x2'") == 0
    assert left(market) == (70 * M, 1)
    assert counts(send(market, [refund("x3", "o", quantity=1, **money("30.01"))])) == (0, 0, 0, 0, 1)
    assert counts(send(market, [refund("x4", "o", quantity=2, **money("1.00"))])) == (0, 0, 0, 0, 1)
    assert counts(send(market, [refund("x5", "o", quantity=1, **money("30.00"))])) == (1, 0, 0, 0, 0)
    assert left(market) == (100 * M, 2)


def test_another_currency_is_refused(market):
    send(market, [purchase("b", "o")])
    result = send(market, [refund("x", "o", **money("1.00", "USD"))])
    assert [error.code for error in result.errors] == ["currency_mismatch"]
    assert left(market) == (0, 0)


def test_a_refund_in_the_batch_of_its_purchase_may_stand_before_it(market):
    assert counts(send(market, [refund("x", "o", quantity=1), purchase("b", "o")])) == (2, 0, 0, 0, 0)
    assert left(market) == (100 * M, 1)


def test_a_refund_before_its_purchase_waits_and_is_applied(market):
    """N3."""
    send(market, [view("e1")])
    first = refund("x", "o", quantity=1)
    assert counts(send(market, [first])) == (0, 0, 0, 1, 0)
    assert counts(send(market, [first, {**first, "quantity": 2}])) == (0, 1, 1, 0, 0)
    assert run_unpark(market)[0].taken == 0
    send(market, [purchase("b", "o")])
    run_jobs(market)
    assert left(market) == (100 * M, 1)
    assert rows(
        market, "SELECT amount, units, orders FROM share ORDER BY refund_id NULLS FIRST, content"
    ) == [
        (100 * M, M, M),
        (-100 * M, -M, 0),
    ]
    assert one(market, "SELECT count(*) FROM parked_event") == 0
    assert counts(send(market, [first])) == (0, 1, 0, 0, 0)


def test_what_waited_and_is_too_much_is_kept_as_rejected(market):
    send(
        market,
        [
            refund("x", "o", quantity=5),
            refund("y", "o", **money("1.00", "USD")),
            refund("z", "o", quantity=1),
        ],
    )
    send(market, [purchase("b", "o")])
    assert [(done.taken, done.accepted, done.rejected) for done in run_unpark(market)] == [
        (3, 1, 2),
        (0, 0, 0),
    ]
    assert rows(market, "SELECT event_id, state, outcome FROM parked_event ORDER BY id") == [
        ("x", "rejected", "refund_exceeds_purchase"),
        ("y", "rejected", "currency_mismatch"),
    ]


def test_a_thousand_parts_of_one_purchase_in_one_batch(market):
    send(market, [purchase("b", "o", quantity=1000, amount="999.99")])
    assert counts(send(market, [refund(f"x{n}", "o", quantity=1) for n in range(1001)])) == (1000, 0, 0, 0, 1)
    assert left(market) == (999_990_000, 1000)
    assert one(market, "SELECT sum(amount) FROM refund") == 999_990_000
    assert NOW is not None


def test_the_largest_purchase_in_parts(market):
    send(market, [purchase("b", "o", quantity=1_000_000, amount="999999999999.99")])
    assert counts(send(market, [refund("x", "o", quantity=999_999), refund("y", "o", quantity=1)])) == (
        2,
        0,
        0,
        0,
        0,
    )
    assert left(market) == (999_999_999_999_990_000, 1_000_000)
