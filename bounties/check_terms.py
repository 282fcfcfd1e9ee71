"""What a bounty may promise: refused with the field and the reason before anything is written."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.errors import Invalid
from core.ids import is_reference
from core.money import Money
from formula import compile_formula

MOST_SLOTS = 10_000
MOST_DAYS = 90
# A bonus is over one content's own figures, added up over its days; likes and followers as at the last one.
BONUS_NAMES = ("views", "qualified_views", "watch_hours", "completes", "clicks", "ctr", "likes", "followers")


def check_terms(terms: Mapping[str, Any], now: datetime) -> None:
    """Raises:
    Invalid: `not_positive`, `not_minor_units`, `bad_slots`, `bad_deadline`, `bad_opening`, `bad_hours`, `bad_rounds`,
        `bad_eligibility`, `bad_bonus`, or the formula's own code, each with the pointer to the field.
    """
    _amount(terms["price"], terms["currency"], "/price/amount")
    _between(terms["slots"], 1, MOST_SLOTS, "bad_slots", "slots")
    if not now < terms["deadline"] <= now + timedelta(days=366):
        raise Invalid("bad_deadline", "A deadline lies ahead, by at most a year.", pointer="/deadline")
    if terms["opens_at"] is not None and not now < terms["opens_at"] < terms["deadline"]:
        raise Invalid("bad_opening", "It opens after now and before its deadline.", pointer="/opens_at")
    _between(terms["submit_hours"], 1, 24 * MOST_DAYS, "bad_hours", "submit_hours")
    _between(terms["review_hours"], 1, 24 * 30, "bad_hours", "review_hours")
    _between(terms["rounds"], 0, 10, "bad_rounds", "rounds")
    _between(terms["min_followers"], 0, 2**31 - 1, "bad_eligibility", "eligibility/min_followers")
    for name in ("regions", "categories", "invited"):
        _names(terms[name], name)
    _bonus(terms)
    most = (terms["price"] * 2 + terms["bonus_max"]) * terms["slots"]
    if most >= 2**62:
        raise Invalid(
            "amount_too_large", "The slots together are more than the books can hold.", pointer="/price"
        )


def _between(value: int, least: int, most: int, code: str, field: str) -> None:
    if not least <= value <= most:
        raise Invalid(code, f"It is from {least} to {most}.", pointer=f"/{field}")


def _amount(micros: int, currency: str, pointer: str) -> None:
    if micros <= 0:
        raise Invalid("not_positive", "The amount must be above zero.", pointer=pointer)
    Money(micros, currency).require_minor()


def _names(values: list[str] | None, field: str) -> None:
    if values is None:
        return
    fit = 1 <= len(values) <= 1000 and len(set(values)) == len(values)
    if not fit or (field == "invited" and not all(map(is_reference, values))):
        told = "A list of 1 to 1,000 different names; leave it out to ask for nothing."
        raise Invalid("bad_eligibility", told, pointer=f"/eligibility/{field}")


def _bonus(terms: Mapping[str, Any]) -> None:
    text, days, most = terms["bonus_formula"], terms["bonus_days"], terms["bonus_max"]
    if text is None:
        if days or most:
            raise Invalid("bad_bonus", "A bonus has a formula, days and a maximum.", pointer="/bonus/formula")
        return
    _between(days, 1, MOST_DAYS, "bad_bonus", "bonus/days")
    _amount(most, terms["currency"], "/bonus/max/amount")
    names = compile_formula(text, "content_day", pointer="/bonus/formula").names
    if strange := sorted(set(names) - set(BONUS_NAMES)):
        told = f"A bonus has no {strange[0]!r}; it has {', '.join(BONUS_NAMES)}, of the whole time."
        raise Invalid("formula_name", told, pointer="/bonus/formula")
