"""A drafted rule in words."""

from collections.abc import Mapping
from typing import Any

from core.money import Money

_SCOPES = {
    "creator_day": "a day for a creator",
    "creator_month": "a month for a creator",
    "program_day": "a day for all",
    "program_month": "a month for all",
}


def parts_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule consists of, by the words that people use; without its caps."""
    pool = rule.get("pool")
    parts = {"grain": rule["grain"], "where": rule.get("where"), "amount": rule.get("amount")}
    if pool:
        parts |= {
            "pool": f"{pool['amount']} a {pool['per']}",
            "weight": pool["weight"],
            "top": pool.get("top"),
        }
    parts["on_shortfall"] = rule["on_shortfall"]
    return {part: value for part, value in parts.items() if value is not None}


def caps_of(rule: Mapping[str, Any]) -> dict[str, Money]:
    """Its caps by their scope."""
    return {cap["per"]: cap["amount"] for cap in rule.get("caps") or ()}


def say_rule(rule: Mapping[str, Any]) -> str:
    """A whole rule in one sentence, without its name and full stop."""
    pool = rule.get("pool")
    told = f"`{rule['amount']}`" if pool is None else _say_pool(pool)
    told += f" for each {rule['grain']}"
    if rule.get("where"):
        told += f" where `{rule['where']}`"
    for per, amount in caps_of(rule).items():
        told += f", at most {amount} {_SCOPES[per]}"
    return told + (", prorated when the line falls short" if rule["on_shortfall"] == "prorate" else "")


def _say_pool(pool: Mapping[str, Any]) -> str:
    among = f"the top {pool['top']}" if pool.get("top") else "all"
    return f"a pool of {pool['amount']} a {pool['per']}, shared among {among} by `{pool['weight']}`,"


def say_caps(was: Mapping[str, Money], now: Mapping[str, Money]) -> list[str]:
    """What changed in a rule's caps."""
    told = []
    for per, about in _SCOPES.items():
        old, new = was.get(per), now.get(per)
        if old is None and new is not None:
            told.append(f"a new cap of {new} {about}")
        elif old is not None and new is None:
            told.append(f"the cap of {old} {about} is gone")
        elif old != new:
            told.append(f"the cap {about} was {old}, is now {new}")
    return told
