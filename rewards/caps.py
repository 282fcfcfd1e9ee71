"""Caps: what a rule pays over a scope is cut in the order of its targets, and the whole scope anew when one changes.

Each cap cuts the running sum of the uncapped targets by itself and the least of them stands, so that a target is a pure
function of the facts and not of the order in which they came.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from rewards.rules import Rule

_SCOPES = {
    "creator_day": "t.creator, t.day",
    "creator_month": "t.creator, date_trunc('month', t.day)",
    "program_day": "t.day",
    "program_month": "date_trunc('month', t.day)",
}


def set_capped(session: Session, rule: Rule) -> int:
    """Set the targets of a capped rule in every scope that `touched` names. Returns how many changed.

    All the rule's targets of the widest scope's days (and creators, unless a cap is over all of them) are read once,
    which holds every narrower scope whole.
    """
    if not rule.caps:
        return 0
    limits = {f"cap{i}": cap.amount for i, cap in enumerate(rule.caps)}
    statement = _statement(tuple(cap.per for cap in rule.caps))
    return int(session.execute(text(statement), limits | {"rule": rule.id}).rowcount)  # type: ignore[attr-defined]


def _statement(scopes: tuple[str, ...]) -> str:
    period = "month" if any(each.endswith("month") for each in scopes) else "day"
    whole = any(each.startswith("program") for each in scopes)
    left = ", ".join(
        f"greatest(0, :cap{i} - (sum(t.uncapped) OVER (PARTITION BY {_SCOPES[each]} ORDER BY t.occurred_at, t.key"
        " ROWS UNBOUNDED PRECEDING) - t.uncapped))"
        for i, each in enumerate(scopes)
    )
    return f"""
        WITH scope AS MATERIALIZED (
            SELECT DISTINCT {"NULL" if whole else "creator"} AS creator, date_trunc('{period}', day)::date AS first,
                (date_trunc('{period}', day) + interval '1 {period}')::date AS last
            FROM touched WHERE rule_id = :rule
        ), capped AS (
            SELECT t.id, t.creator, t.day, t.target, least(t.uncapped, {left})::bigint AS wanted
            FROM scope s JOIN reward_target t ON t.rule_id = :rule AND t.day >= s.first AND t.day < s.last
                AND {"t.whole" if whole else "t.creator = s.creator"}
        ), changed AS (
            UPDATE reward_target t SET target = c.wanted, updated_at = now() FROM capped c
            WHERE c.id = t.id AND c.target <> c.wanted RETURNING t.creator, t.day
        )
        INSERT INTO touched (rule_id, creator, day) SELECT DISTINCT :rule, creator, day FROM changed
    """
