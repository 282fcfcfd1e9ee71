"""Amounts as text and nothing else, everywhere an amount is taken."""

import time
from typing import Any

import pytest
from api_document import put_at
from api_market import Market, rub
from api_requests import REQUESTS, picture, send

BAD: list[Any] = [
    "1e999999999", "1e400", "1E2", "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "-0", "-0.0", "-0.00", "+1",
    "1_000", "١٢٣", "１２３", "²", " 1 ", "1 ", "\t1", "1\n", "1,00", "1.000,00", "1 000", ".5", "5.", "00", "01.00", "0x10",
    "", "-", "--1", "1.2.3", "1.0000000", "1234567890123", "9" * 5000, "0." + "0" * 5000, "1" + "\0", "1\u200b", "\ufeff1",
    "９", "1٫5", "$1", "1 RUB", "null", "true", 1, 0, 1.5, 1e400, -0.0, 10**400, True, False, None, [], ["1"], {}, {"amount": "1"},
]  # fmt: skip
MORE = ["0.001", "1.001"]  # fine as an amount, no whole number of kopecks
NOT_POSITIVE = ["0", "0.00", "-1", "-0.01"]
# operation -> the way to each money object in its body, and whether it must be above zero
FIELDS: list[tuple[str, tuple[Any, ...], bool]] = [
    ("PUT /products/<id>", ("price",), False),
    ("POST /funds", ("budget",), True),
    ("POST /funds/<id>/deposits", ("amount",), True),
    ("POST /funds/<id>/lines", ("allocation", "amount"), True),
    ("PUT /payout-settings", ("minimum",), True),
    ("PUT /payout-settings", ("approval_limit",), True),
    ("POST /ledger/entries", ("postings", 0, "amount"), False),
]


@pytest.mark.parametrize(("name", "way", "positive"), FIELDS)
def test_b3_every_bad_amount_is_422_at_once(
    market: Market, name: str, way: tuple[Any, ...], positive: bool
) -> None:
    before, body, slow = picture(market.engine), REQUESTS[name].json, []
    for amount in [*BAD, *MORE, *(NOT_POSITIVE if positive else ["-1", "-0.01"])]:
        json = put_at(body, (*way, "amount"), amount)
        started = time.thread_time()
        answer = send(market, name, json=json)
        slow.append(time.thread_time() - started)
        assert answer.status_code == 422, (str(amount)[:40], answer.text)
        assert len(answer.data) < 3000
    assert sorted(slow)[-2] < 0.05
    assert picture(market.engine) == before


@pytest.mark.parametrize("currency", ["JPY", "KRW"])
def test_b3_half_a_yen_is_no_price(market: Market, currency: str) -> None:
    for amount, status in (("1.5", 422), ("1.000001", 422), ("1", 200), ("1.0", 200)):
        price = {"amount": amount, "currency": currency}
        answer = send(
            market, "PUT /products/<id>", json=REQUESTS["PUT /products/<id>"].json | {"price": price}
        )
        assert answer.status_code == status, answer.text
    assert answer.json["price"] == {"amount": "1", "currency": currency}


@pytest.mark.parametrize(
    "currency", ["rub", "RU", "RUBL", "XXY", "РУБ", "", "RUB\0", "RUB ", 643, None, [], "\ud800"]
)
def test_b3_only_a_currency_of_iso_4217_is_one(market: Market, currency: Any) -> None:
    for name, way, _ in FIELDS:
        answer = send(market, name, json=put_at(REQUESTS[name].json, (*way, "currency"), currency))
        assert answer.status_code == 422, answer.text


def test_b3_amounts_of_events_are_judged_row_by_row(market: Market) -> None:
    rows = [
        market.event(
            "purchase", f"bad{n}", order=f"bad{n}", product="p1", quantity=1, amount=amount, currency="RUB"
        )
        for n, amount in enumerate([*BAD, *MORE, "-1", "-0.01"])
    ]
    rows = [row for row in rows if row["amount"] != 1e400]  # no JSON: see the batch with NaN
    answer = market.call.ok("platform", "POST", "/v1/events", {"events": rows})
    assert (answer["accepted"], answer["parked"], answer["rejected"]) == (0, 0, len(rows))
    assert {each["code"] for each in answer["errors"]} <= {"bad_amount", "not_minor_units", "not_positive", "bad_event", "missing_field"}  # fmt: skip


@pytest.mark.parametrize(
    "amount", ["9223372036854775808", "9223372036854.775808", "1000000000000", "999999999999.999999"]
)
def test_l13_beyond_64_bits_is_422(market: Market, amount: str) -> None:
    before = picture(market.engine)
    for name, way, _ in FIELDS:
        answer = send(market, name, json=put_at(REQUESTS[name].json, (*way, "amount"), amount))
        assert answer.status_code == 422, answer.text
    assert picture(market.engine) == before


def fill(market: Market, fund: str) -> int:
    """Put almost 10^12 units on the bank's account; the status."""
    most = rub("999999999999.00")
    market.call.ok(
        "operator", "POST", "/v1/funds", {"id": fund, "name": fund, "currency": "RUB", "budget": most}
    )
    before = picture(market.engine)
    answer = market.call("finance", "POST", f"/v1/funds/{fund}/deposits", {"amount": most})
    if answer.status_code != 201:
        assert (answer.status_code, answer.json["code"]) == (422, "amount_too_large"), answer.text
        assert picture(market.engine) == before
    return answer.status_code


def test_l13_a_sum_that_overflows_is_refused(market: Market) -> None:
    """Some deposits of almost 10^12 fill 64 bits of micros on the bank's account; the next does not fit."""
    statuses = [fill(market, f"f{number}") for number in range(11)]
    assert statuses == sorted(statuses) and set(statuses) == {201, 422}


def test_l13_the_books_can_be_read_whatever_was_booked(market: Market) -> None:
    fill(market, "f0")
    fill(market, "f1")
    for path in ("/v1/ledger/trial-balance", "/v1/ledger/accounts?prefix=assets"):
        assert market.call("auditor", "GET", path).status_code == 200
