"""Money: what may enter, how it is written, and splits that lose nothing."""

import json
import time
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import Invalid
from core.money import (
    MAX_MICROS,
    MICROS,
    Money,
    format_micros,
    known_currencies,
    minor_micros,
    money_or_none,
    parse_micros,
    round_half_up,
    split,
)

CURRENCIES = ("RUB", "JPY", "KWD", "USD", "CLF")
AMOUNTS = st.integers(1 - 10**18, 10**18 - 1)
HALVES = st.integers(1 - MAX_MICROS // 2, MAX_MICROS // 2 - 1)


@pytest.mark.parametrize(
    ("given", "micros"),
    [
        ("0", 0),
        ("1250.00", 1_250_000_000),
        ("0.0345", 34_500),
        ("0.000001", 1),
        ("-0.000001", -1),
        ("-5", -5_000_000),
        ("0.0", 0),
        ("999999999999.999999", 10**18 - 1),
        ("-999999999999.999999", 1 - 10**18),
    ],
)
def test_amounts_that_are_amounts(given: str, micros: int) -> None:
    assert parse_micros(given) == micros


REFUSED = [
    "1e999999999", "1e400", "1E2", "NaN", "Infinity", "-Infinity", "-0", "-0.0", "-0.000000", "1_000", "١٢٣", "१२",
    "１２", " 1 ", "1 ", "1\n", "\n1", "1\0", "1,00", "1.", ".5", "", "-", "+1", "--1", "01", "00", "0x10", "1.0000001",
    "1000000000000", "1.2.3", "0" * 5000, "9" * 5000, "1." + "0" * 5000, "1−1", "½", "1.٠",
    True, False, None, [], ["1"], {}, 1, 1.5, Decimal("1"), b"1", float("nan"),
]  # fmt: skip


@pytest.mark.parametrize("given", REFUSED, ids=lambda given: repr(given)[:20])
def test_amounts_that_are_none(given: object) -> None:
    started = time.perf_counter()
    with pytest.raises(Invalid) as refusal:
        Money.parse(given, "RUB")
    assert refusal.value.code == "bad_amount"
    assert time.perf_counter() - started < 0.05


@settings(deadline=None)
@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_what_is_written_reads_back(micros: int, currency: str) -> None:
    money = Money(micros, currency)
    assert Money.parse(money.amount, currency) == money
    assert money.as_json() == {"amount": money.amount, "currency": currency}
    assert str(money) == f"{money.amount} {currency}"
    assert Decimal(money.amount) * MICROS == micros
    whole, _, decimals = money.amount.partition(".")
    digits = 7 - len(str(minor_micros(currency)))
    assert len(decimals) >= digits
    assert len(decimals) == digits or not decimals.endswith("0")
    assert whole.lstrip("-") == "0" or not whole.lstrip("-").startswith("0")


@settings(deadline=None)
@given(st.text(alphabet="0123456789.-+eE_ ٣\n", max_size=25))
def test_only_the_canonical_alphabet_is_read(text: str) -> None:
    """Whatever is read is a plain decimal that Python's own Decimal reads to the same number."""
    try:
        micros = parse_micros(text)
    except Invalid:
        return
    assert text.isascii() and not set(text) & set("+eE_ \n")
    assert Decimal(micros).scaleb(-6) == Decimal(text)


@pytest.mark.parametrize(
    ("micros", "currency", "written"),
    [
        (3_000_000, "RUB", "3.00"),
        (34_500, "RUB", "0.0345"),
        (3_000_000, "JPY", "3"),
        (3_100_000, "JPY", "3.1"),
        (3_000_000, "KWD", "3.000"),
        (0, "RUB", "0.00"),
        (-10_000, "RUB", "-0.01"),
        (0, "CLF", "0.0000"),
    ],
)
def test_at_least_the_minor_digits_and_no_zeros_beyond(micros: int, currency: str, written: str) -> None:
    assert format_micros(micros, currency) == written


def test_minor_units_are_those_of_iso_4217() -> None:
    """Where daily use has dropped the minor unit (CLDR), the currency still has it."""
    digits = {0: "JPY KRW VND CLP ISK XOF UGX", 3: "KWD BHD OMR TND JOD LYD IQD", 4: "CLF UYW"}
    digits[2] = "RUB USD EUR KZT BYN UZS AMD CNY TRY RSD ALL AFN LBP MMK PKR HUF IDR MGA"
    for count, codes in digits.items():
        for code in codes.split():
            assert minor_micros(code) == 10 ** (6 - count), code
    assert all(MICROS % minor_micros(code) == 0 for code in known_currencies())


@pytest.mark.parametrize("currency", ["rub", "RUBLE", "", "XXY", "RU", " RUB", "₽", "РУБ", None, 643])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Money.parse("1.00", currency)
    assert refusal.value.code == "unknown_currency"


def test_too_much_is_refused_and_does_not_wrap() -> None:
    most = Money(MAX_MICROS - 1, "RUB")
    for sum_up in (
        lambda: most + Money(1, "RUB"),
        lambda: -most - Money(1, "RUB"),
        lambda: Money(2**63, "RUB"),
    ):
        with pytest.raises(Invalid) as refusal:
            sum_up()
        assert refusal.value.code == "amount_too_large"


@pytest.mark.parametrize("micros", [1.0, True, "1", None, Decimal(1)])
def test_micros_are_whole_numbers(micros: int) -> None:
    with pytest.raises(TypeError):
        Money(micros, "RUB")


def test_two_currencies_never_meet() -> None:
    rub, usd = Money.parse("1.00", "RUB"), Money.parse("1.00", "USD")
    for meet in (
        lambda: rub + usd,
        lambda: rub - usd,
        lambda: rub < usd,
        lambda: rub <= usd,
        lambda: rub + 1,
    ):  # type: ignore[operator]
        with pytest.raises(TypeError):
            meet()
    assert rub != usd
    with pytest.raises(TypeError):
        sum([rub, rub])  # it begins with 0, which is no money


@settings(deadline=None)
@given(HALVES, HALVES)
def test_sums_are_exact(a: int, b: int) -> None:
    left, right = Money(a, "RUB"), Money(b, "RUB")
    assert (left + right) - right == left
    assert -left == Money(0, "RUB") - left
    assert (left < right) == (left.micros < right.micros)


@settings(deadline=None)
@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_floor_minor_keeps_whole_minor_units(micros: int, currency: str) -> None:
    money, unit = Money(micros, currency), minor_micros(currency)
    kept = money.floor_minor()
    assert kept.require_minor() == kept
    assert kept.micros * micros >= 0
    assert 0 <= abs(micros) - abs(kept.micros) < unit
    assert abs(kept.micros) == int((Decimal(abs(micros)) / unit).to_integral_value(ROUND_FLOOR)) * unit


def test_requirements() -> None:
    for bad in ("0.001", "0.000001", "-1.005"):
        with pytest.raises(Invalid, match="minor units"):
            Money.parse(bad, "USD").require_minor()
    with pytest.raises(Invalid, match="minor units"):
        Money.parse("1.5", "JPY").require_minor()
    for bad in ("0", "-0.01"):
        with pytest.raises(Invalid, match="above zero"):
            Money.parse(bad, "RUB").require_positive()
    assert Money.parse("0.01", "RUB").require_positive().require_minor().micros == 10_000
    assert money_or_none(None, "RUB") is None
    assert money_or_none(Decimal(7), "RUB") == Money(7, "RUB")


def test_display_for_people_hides_nothing() -> None:
    assert Money.parse("1250.00", "RUB").display() == "1\xa0250,00\xa0₽"
    assert Money.parse("0.0345", "RUB").display() == "0,0345\xa0₽"
    assert Money.parse("1250", "JPY").display("en_US") == "¥1,250"


def test_l19_a_hundred_in_three_and_a_kopeck_in_three() -> None:
    assert split(10_000, [1, 1, 1]) == [3_334, 3_333, 3_333]
    assert split(1, [1, 1, 1]) == [1, 0, 0]
    assert split(-10_000, [1, 1, 1]) == [-3_334, -3_333, -3_333]


def test_l19_ten_thousand_random_splits() -> None:
    """Sum, bounds, and the order of remainders, against exact fractions; the same again gives the same."""
    rng = Random(20261102)
    for _ in range(10_000):
        weights = [rng.choice((0, 1, 1, rng.randrange(10**9))) for _ in range(rng.randrange(1, 12))]
        total = rng.choice((rng.randrange(50), rng.randrange(MAX_MICROS)))
        parts = split(total, weights)
        assert parts == split(total, list(weights))
        whole = sum(weights)
        if not whole:
            assert parts == [0] * len(weights)
            continue
        assert sum(parts) == total
        extra = [part - total * weight // whole for part, weight in zip(parts, weights, strict=True)]
        assert set(extra) <= {0, 1}
        rest = [(-(total * weight % whole), place) for place, weight in enumerate(weights)]
        assert [place for _, place in sorted(rest)][: sum(extra)] == sorted(
            (place for place, more in enumerate(extra) if more), key=lambda place: rest[place]
        )
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@settings(deadline=None)
@given(st.integers(-(10**30), 10**30), st.lists(st.integers(0, 10**18), max_size=8))
def test_a_split_is_whole_whatever_the_size(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == (total if any(weights) else 0)
    assert split(-total, weights) == [-part for part in parts]


@settings(deadline=None)
@given(st.integers(0, 10**12), st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(1, 10**6))
def test_a_split_knows_proportions_only(total: int, weights: list[int], scale: int) -> None:
    assert split(total, [weight * scale for weight in weights]) == split(total, weights)


def test_negative_weights_are_a_mistake_of_ours() -> None:
    for weights in ([-1, 2], [-1, 1], [-1]):
        with pytest.raises(ValueError, match="negative"):
            split(10, weights)
    assert split(10, []) == []


def test_published_splits(shared) -> None:
    """What other systems publish as their own examples; their order of ties is ours."""
    vectors = {v["id"]: v for v in json.loads((shared / "vectors" / "published.json").read_text())}
    for name in ("E1.0", "E1.1", "E1.5", "E4.0", "E6"):
        asked = vectors[name]["input"]
        weights = [int(weight) for weight in asked["weights"]]
        total = min(asked["total_minor"], sum(weights)) if asked.get("cap_at_sum") else asked["total_minor"]
        assert split(total, weights) == vectors[name]["published_output"], name
    c1, c2, c3 = (vectors[name] for name in ("C1", "C2", "C3"))
    first, last = ([1, 0, 0, 0, 0], [0, 0, 0, 0, 1])
    assert [split(c1["input"]["total"], weights) for weights in (first, last)] == c1["published_output"]
    assert split(c2["input"]["total"], [1] * c2["input"]["n"]) == c2["published_output"]
    middle = c3["input"]["n"] - 2
    position = [40 * middle, *[20] * middle, 40 * middle]
    assert split(c3["input"]["total"], position) == c3["published_output"]


def test_rounding_is_that_of_postgresql(db_engine) -> None:
    rng = Random(7)
    pairs = [(n, d) for n in range(-9, 10) for d in (-4, -3, -2, 1, 2, 3, 4)]
    for _ in range(3_000):
        denominator = rng.choice((2, 20, 200, 7, 1000, rng.randrange(1, 10**12))) * rng.choice((1, -1))
        numerator = rng.randrange(-(10**18), 10**18)
        if rng.random() < 0.4:  # a tie, or its neighbour
            numerator = (
                denominator * rng.randrange(-(10**6), 10**6) + denominator // 2 + rng.choice((0, 0, 1, -1))
            )
        pairs.append((numerator, denominator))
    ours = [round_half_up(n, d) for n, d in pairs]
    with db_engine.connect() as connection:
        statement = (
            "SELECT array_agg(round(n::numeric(60, 30) / d) ORDER BY i)"
            " FROM unnest(CAST(:n AS numeric[]), CAST(:d AS numeric[])) WITH ORDINALITY AS p (n, d, i)"
        )
        theirs = connection.scalar(text(statement), {"n": [n for n, _ in pairs], "d": [d for _, d in pairs]})
    assert ours == [int(each) for each in theirs]
    exact = [int((Decimal(n) / Decimal(d)).quantize(Decimal(1), ROUND_HALF_UP)) for n, d in pairs[:133]]
    assert ours[:133] == exact
