"""Give each sale to the touch that led to it: one row of `attribution` a purchase and policy, one share if earned."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from attribution.floors import raise_floor
from core.database import sql
from core.settings import Settings

# An import that gave no sign of life for so long does not hold attribution up.
IMPORT_SILENCE = timedelta(minutes=2)
# Reading so many touches in a row costs about what finding one purchase's touches by index costs.
ROWS_A_PROBE = 500

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('kopeck attribution'))")
_IMPORTING = text("SELECT EXISTS (SELECT FROM import_run WHERE ended_at IS NULL AND alive_at > :since)")
_POLICIES = text(
    "SELECT id, click_window_hours, view_window_hours FROM policy"
    " WHERE model = 'last_touch' AND scope = 'product' ORDER BY id"
)
_TOUCHES = text(
    "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = CAST('touch' AS regclass)"
)
_MEMORY = "SET LOCAL jit = off; SET LOCAL work_mem = '128MB'; SET LOCAL enable_mergejoin = off; "
_BULK = _MEMORY + "SET LOCAL enable_nestloop = off"
_FEW = _MEMORY + "SET LOCAL enable_hashjoin = off"
_AS_BEFORE = "SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"


def attribute(session: Session, now: datetime, settings: Settings, limit: int = 50_000) -> int:
    """Attribute at most `limit` purchases of each policy; how many were.

    A purchase is ready `attribution_delay` seconds after it occurred, and none is while an import runs. Two
    attributors: one works, the other finds the lock taken and answers 0.
    """
    if not session.scalar(_LOCK) or session.scalar(_IMPORTING, {"since": now - IMPORT_SILENCE}):
        return 0
    ready = now - timedelta(seconds=settings.attribution_delay)
    return sum(_attribute_by(session, policy, ready, limit) for policy in session.execute(_POLICIES).all())


def _attribute_by(session: Session, policy: Row[Any], ready: datetime, limit: int) -> int:
    floor = raise_floor(session, "attribute_floor", policy=policy.id)
    at = {"policy": policy.id, "ready": ready}
    claim = session.execute(
        sql("attribution", "attribute_claim"), {**at, "floor": floor, "limit": limit}
    ).one()
    if not claim.purchases:
        return 0
    at |= {"first_id": claim.first_id, "last_id": claim.last_id}
    _choose(session, policy, claim, at)
    for step in ("outcome", "share", "changed"):
        session.execute(sql("attribution", f"attribute_{step}"), at)
    session.execute(text("DROP TABLE chosen"))
    return int(claim.purchases)


def _choose(session: Session, policy: Row[Any], claim: Row[Any], at: dict[str, Any]) -> None:
    """Find the touches. Many purchases: the touches are read once through hashes; few: each one's by index.

    The planner is told which, because just after an import it has no statistics to see it by.
    """
    bulk = claim.purchases * ROWS_A_PROBE > session.execute(_TOUCHES).scalar_one()
    session.execute(text(_BULK if bulk else _FEW))
    session.execute(
        sql("attribution", "attribute_choose"),
        {
            **at,
            "first_at": claim.first_at,
            "last_at": claim.last_at,
            "click_hours": policy.click_window_hours,
            "view_hours": policy.view_window_hours,
            "longest_hours": max(policy.click_window_hours, policy.view_window_hours),
        },
    )
    session.execute(text(_AS_BEFORE))


def take_back(session: Session, limit: int = 50_000) -> int:
    """Write the negative shares of refunds whose purchases are attributed; how many refunds (by policy) were handled.

    Call it until it answers 0: of one purchase it takes one refund a call, in the order of arrival.
    """
    if not session.scalar(_LOCK):
        return 0
    policies = [policy.id for policy in session.execute(_POLICIES)]
    floor = raise_floor(session, "take_back_floor", policies=policies)
    return int(
        session.execute(sql("attribution", "take_back"), {"floor": floor, "limit": limit}).scalar_one()
    )
