"""Rules as they are drafted: accepted, or refused with the place and the reason."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Invalid
from core.money import Money
from formula import GRAINS, compile_formula
from rewards.rules import PROTECTION

MOST_RULES = 20
CAP_SCOPES = ("creator_day", "creator_month", "program_day", "program_month")
PERIODS = ("day", "month")
SHORTFALLS = ("wait", "prorate")
SELLER_GRAINS = ("sale", "product_day")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def check_rules(rules: Sequence[Mapping[str, Any]], currency: str, *, seller_funded: bool) -> None:
    """Accept a version's rules, or say what is wrong with the first that is not right.

    Raises:
        Invalid: `bad_rules`, `reserved_name`, `bad_grain`, `amount_or_pool`, `bad_pool`, `bad_caps`, `bad_shortfall`,
            `wrong_currency`, `not_positive`, `seller_funding`, or a formula's own code, with the pointer to the field.
    """
    names = [each["name"] for each in rules]
    if not 1 <= len(rules) <= MOST_RULES or len(set(names)) != len(names):
        raise Invalid(
            "bad_rules", f"A version has 1 to {MOST_RULES} rules, each with its own name.", pointer="/rules"
        )
    for i, each in enumerate(rules):
        _check_rule(each, currency, f"/rules/{i}")
        if seller_funded:
            _check_seller_funded(each, f"/rules/{i}")


def _check_rule(each: Mapping[str, Any], currency: str, at: str) -> None:
    _check_name(each["name"], f"{at}/name")
    grain, pool = each["grain"], each.get("pool")
    _one_of(grain, GRAINS, "bad_grain", "A grain", f"{at}/grain")
    if (each.get("amount") is None) == (pool is None):
        told = "A rule has either an amount, a formula for each key, or a pool that is shared among the keys."
        raise Invalid("amount_or_pool", told, pointer=at + ("/amount" if pool is None else "/pool"))
    if each.get("where") is not None:
        compile_formula(each["where"], grain, "boolean", pointer=f"{at}/where")
    if pool is None:
        compile_formula(each["amount"], grain, pointer=f"{at}/amount")
    else:
        _check_pool(pool, grain, currency, f"{at}/pool")
    _check_caps(each.get("caps") or (), currency, f"{at}/caps")
    _one_of(
        each.get("on_shortfall") or "wait", SHORTFALLS, "bad_shortfall", "on_shortfall", f"{at}/on_shortfall"
    )


def _check_name(name: str, pointer: str) -> None:
    if not _NAME.fullmatch(name):
        told = "A rule's name is 1 to 40 of a-z, 0-9 and _, from a letter."
        raise Invalid("bad_rules", told, pointer=pointer)
    if name == PROTECTION:
        told = (
            f"Kopeck writes {PROTECTION} itself, by the program's rate_protection_days; choose another name."
        )
        raise Invalid("reserved_name", told, pointer=pointer)


def _one_of(value: str, words: Sequence[str], code: str, what: str, pointer: str) -> None:
    if value not in words:
        raise Invalid(code, f"{what} is one of {', '.join(words)}.", pointer=pointer)


def _check_pool(pool: Mapping[str, Any], grain: str, currency: str, at: str) -> None:
    _check_money(pool["amount"], currency, f"{at}/amount")
    _one_of(pool["per"], PERIODS, "bad_pool", "A pool's period", f"{at}/per")
    if grain == "creator_month" and pool["per"] != "month":
        told = "A pool of a day cannot be shared by the figures of a month; say per month, or creator_day."
        raise Invalid("bad_pool", told, pointer=f"{at}/per")
    compile_formula(pool["weight"], grain, pointer=f"{at}/weight")
    if pool.get("top") is not None and pool["top"] < 1:
        raise Invalid(
            "bad_pool", "A pool goes to the top 1 or more; leave top out for all.", pointer=f"{at}/top"
        )


def _check_caps(caps: Sequence[Mapping[str, Any]], currency: str, at: str) -> None:
    for i, cap in enumerate(caps):
        _one_of(cap["per"], CAP_SCOPES, "bad_caps", "What a cap is per", f"{at}/{i}/per")
        _check_money(cap["amount"], currency, f"{at}/{i}/amount")
        if cap["per"] in [other["per"] for other in caps[:i]]:
            raise Invalid("bad_caps", f"A rule has one cap per {cap['per']}.", pointer=f"{at}/{i}/per")


def _check_money(money: Money, currency: str, pointer: str) -> None:
    if money.currency != currency:
        told = f"The program is in {currency}, and so are the pools and caps of its rules."
        raise Invalid("wrong_currency", told, pointer=f"{pointer}/currency")
    if money.micros <= 0:
        raise Invalid("not_positive", "The amount must be above zero.", pointer=f"{pointer}/amount")


def _check_seller_funded(each: Mapping[str, Any], at: str) -> None:
    """A seller pays for its own products only, and each seller from its own balance, first come, first served."""
    told = {
        f"{at}/grain": each["grain"] not in SELLER_GRAINS
        and f"Where sellers pay, a grain must tell whose product it is: {' or '.join(SELLER_GRAINS)}.",
        f"{at}/pool": each.get("pool") is not None
        and "Where sellers pay, there is no one pot that a pool could be taken from; say amount.",
        f"{at}/on_shortfall": each.get("on_shortfall") == "prorate"
        and "Where sellers pay, what a seller's balance cannot pay waits; nothing is prorated.",
    }
    for pointer, why in told.items():
        if why:
            raise Invalid("seller_funding", why, pointer=pointer)
