"""Rules as they are drafted: kept to the letter, or refused with the place and a sentence."""

from typing import Any

import pytest

from core.errors import Invalid
from core.money import Money
from rewards.check_rules import check_rules


def rub(amount: str, currency: str = "RUB") -> Money:
    return Money.parse(amount, currency)


FIVE = rub("5.00")
SALE = {"name": "commission", "grain": "sale", "amount": "amount * 5%"}
POOL = {"name": "stars", "grain": "creator_month",
        "pool": {"amount": rub("1000.00"), "per": "month", "weight": "views", "top": 100}}  # fmt: skip


def pool(**changes: Any) -> dict[str, Any]:
    return {"pool": POOL["pool"] | changes}  # type: ignore[operator]


def cap(per: str = "creator_day", amount: Money = FIVE) -> dict[str, Any]:
    return {"per": per, "amount": amount}


def check(rule: dict[str, Any], *more: dict[str, Any], sellers: bool = False) -> None:
    check_rules([rule, *more], "RUB", seller_funded=sellers)


@pytest.mark.parametrize(
    "rule",
    [
        SALE | {"where": "category = 'home'", "caps": [cap(), cap("creator_month"), cap("program_day"), cap("program_month")]},
        SALE | {"on_shortfall": "prorate", "caps": []},
        POOL,
        POOL | {"grain": "creator_day", "where": "posts > 0"} | pool(per="day"),
        POOL | {"grain": "sale", "on_shortfall": "prorate", "caps": [cap("creator_month")]} | pool(weight="amount", per="day"),
        POOL | {"grain": "content_day"} | pool(top=None),
    ],
)  # fmt: skip
def test_a_right_rule_is_taken(rule: dict[str, Any]) -> None:
    check(rule)


@pytest.mark.parametrize(
    ("rule", "code", "pointer"),
    [
        (SALE | {"name": "Commission"}, "bad_rules", "/rules/0/name"),
        (SALE | {"name": "rate_protection"}, "reserved_name", "/rules/0/name"),
        (SALE | {"grain": "week"}, "bad_grain", "/rules/0/grain"),
        (SALE | {"amount": None}, "amount_or_pool", "/rules/0/amount"),
        (SALE | pool(), "amount_or_pool", "/rules/0/pool"),
        (SALE | {"amount": "amount > 5"}, "formula_type", "/rules/0/amount"),
        (SALE | {"amount": "views"}, "formula_name", "/rules/0/amount"),
        (SALE | {"where": "amount"}, "formula_type", "/rules/0/where"),
        (POOL | pool(weight="views > 1"), "formula_type", "/rules/0/pool/weight"),
        (POOL | pool(weight="amount"), "formula_name", "/rules/0/pool/weight"),
        (POOL | pool(per="day"), "bad_pool", "/rules/0/pool/per"),
        (POOL | pool(per="week"), "bad_pool", "/rules/0/pool/per"),
        (POOL | pool(top=0), "bad_pool", "/rules/0/pool/top"),
        (POOL | pool(amount=rub("0.00")), "not_positive", "/rules/0/pool/amount/amount"),
        (POOL | pool(amount=rub("1.00", "USD")), "wrong_currency", "/rules/0/pool/amount/currency"),
        (SALE | {"caps": [cap(), cap()]}, "bad_caps", "/rules/0/caps/1/per"),
        (SALE | {"caps": [cap("seller_day")]}, "bad_caps", "/rules/0/caps/0/per"),
        (SALE | {"caps": [cap(amount=-rub("1.00"))]}, "not_positive", "/rules/0/caps/0/amount/amount"),
        (SALE | {"caps": [cap(amount=rub("1.00", "USD"))]}, "wrong_currency", "/rules/0/caps/0/amount/currency"),
        (SALE | {"on_shortfall": "drop"}, "bad_shortfall", "/rules/0/on_shortfall"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_place(rule: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(rule)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert caught.value.detail.endswith(".") and " " in caught.value.detail


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        (SALE | {"grain": "creator_day", "amount": "views"}, "/rules/0/grain"),
        (SALE | {"grain": "content_day", "amount": "views"}, "/rules/0/grain"),
        (POOL, "/rules/0/grain"),
        (POOL | {"grain": "sale"} | pool(weight="amount"), "/rules/0/pool"),
        (SALE | {"on_shortfall": "prorate"}, "/rules/0/on_shortfall"),
    ],
)
def test_what_sellers_cannot_pay_is_refused(rule: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(rule, sellers=True)
    assert (caught.value.code, caught.value.pointer) == ("seller_funding", pointer)


def test_sellers_pay_for_sales_and_products() -> None:
    reach = {
        "name": "reach",
        "grain": "product_day",
        "amount": "clicks * 0.5",
        "caps": [cap("program_month")],
    }
    check(SALE | {"on_shortfall": "wait"}, reach, sellers=True)


def test_rules_are_one_to_twenty_with_names_of_their_own() -> None:
    for rules in ([], [SALE, SALE], [SALE | {"name": f"r{i}"} for i in range(21)]):
        with pytest.raises(Invalid, match="1 to 20"):
            check_rules(rules, "RUB", seller_funded=False)
    check(*(SALE | {"name": f"r{i}"} for i in range(20)))


def test_the_second_rule_is_named_by_its_own_place() -> None:
    with pytest.raises(Invalid) as caught:
        check(SALE, SALE | {"name": "other", "amount": "amont"})
    assert caught.value.pointer == "/rules/1/amount"
