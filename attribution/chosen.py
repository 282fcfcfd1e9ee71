"""The SQL of a policy's version: which touches of claimed purchases it takes, and what it gives to their contents."""

from typing import Any

from sqlalchemy import TextClause, text

from attribution.policies import PolicyVersion
from attribution.scopes import ORDERS, SCOPES
from core.database import sql


def candidates_sql(policy: PolicyVersion, only: str = "", purchases: str = "claimed") -> str:
    """A row for each touch that may have led to one of `purchases`. `only`: a further condition on the touch `t`."""
    scoped = sql("attribution", "attribute_candidates").text.replace("{scope}", SCOPES[policy.scope])
    return scoped.replace("{purchases}", purchases) + only


def buyers_sql(purchases: str) -> str:
    """A condition for `only` that spares a bulk read most touches by viewers who bought nothing."""
    return sql("attribution", "attribute_buyers").text.replace("{purchases}", purchases)


def weighed_sql(policy: PolicyVersion, only: str = "", purchases: str = "claimed") -> str:
    """A row for each touch taken, with its weight."""
    candidates = candidates_sql(policy, only, purchases)
    if policy.model in ORDERS:
        return (
            sql("attribution", "attribute_one")
            .text.replace("{candidates}", candidates)
            .replace("{order}", ORDERS[policy.model])
        )
    return sql("attribution", "attribute_weighed").text.replace("{candidates}", candidates)


def chosen_sql(policy: PolicyVersion, only: str = "", purchases: str = "claimed") -> str:
    """A row for each content that earns, with the touch that earned most and its exact part."""
    weighed = weighed_sql(policy, only, purchases)
    if policy.model in ORDERS:
        return weighed
    return sql("attribution", "attribute_several").text.replace("{weighed}", weighed)


def bound(statement: str, policy: PolicyVersion, **more: Any) -> tuple[TextClause, dict[str, Any]]:
    """The statement and the values that it asks for: the model and the windows in hours, and `more`."""
    made = text(statement)
    values: dict[str, Any] = more | {
        "model": policy.model,
        "click_hours": policy.click_window_hours,
        "view_hours": policy.view_window_hours,
        "longest_hours": max(policy.click_window_hours, policy.view_window_hours),
    }
    return made, {name: values[name] for name in made.compile().params}
