"""Give each sale to the touches that led to it: one row of `attribution` a purchase and policy, shares if earned."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from attribution.chosen import bound, buyers_sql, chosen_sql
from attribution.floors import raise_floor
from attribution.policies import PolicyVersion, versions
from core.database import sql
from core.settings import Settings

# An import that gave no sign of life for so long does not hold attribution up.
IMPORT_SILENCE = timedelta(minutes=2)
# Reading so many touches in a row costs about what finding one purchase's touches by index costs.
ROWS_A_PROBE = 500
# Of a set of so many bits a purchase, one buyer each, at most an eighth is set.
BITS_A_PURCHASE = 8

LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('kopeck attribution'))")
_IMPORTING = text("SELECT EXISTS (SELECT FROM import_run WHERE ended_at IS NULL AND alive_at > :since)")
_TOUCHES = text(
    "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = CAST('touch' AS regclass)"
)
_MEMORY = "SET LOCAL jit = off; SET LOCAL work_mem = '128MB'; SET LOCAL enable_mergejoin = off; "
_BULK = _MEMORY + "SET LOCAL enable_nestloop = off"
_FEW = _MEMORY + "SET LOCAL enable_hashjoin = off"
_AMONG = (
    "(SELECT id AS purchase_id, viewer, product, quantity, amount, occurred_at FROM purchase"
    " WHERE id BETWEEN :first_id AND :last_id AND occurred_at BETWEEN :first_at AND :last_at)"
)
_AS_BEFORE = "SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"


def attribute(session: Session, now: datetime, settings: Settings, limit: int = 500_000) -> int:
    """Attribute at most `limit` purchases of each policy's version; how many were.

    A purchase is ready `attribution_delay` seconds after it occurred, and none is while an import runs. Two
    attributors: one works, the other finds the lock taken and answers 0.
    """
    if not session.scalar(LOCK) or session.scalar(_IMPORTING, {"since": now - IMPORT_SILENCE}):
        return 0
    ready = now - timedelta(seconds=settings.attribution_delay)
    return sum(_attribute_by(session, policy, ready, limit) for policy in versions(session))


def _attribute_by(session: Session, policy: PolicyVersion, ready: datetime, limit: int) -> int:
    during = {"policy": policy.policy, "since": policy.since, "until": policy.until}
    floor = raise_floor(session, "attribute_floor", **during)
    session.execute(
        sql("attribution", "attribute_claim"), {**during, "ready": ready, "floor": floor, "limit": limit}
    )
    claimed = choose(session, policy)
    if claimed:
        for step in ("outcome", "share", "changed"):
            write(session, step, policy)
    session.execute(text("DROP TABLE claimed, chosen"))
    return claimed


def write(session: Session, step: str, policy: PolicyVersion) -> None:
    """One of the statements that keep what was chosen."""
    statement = sql("attribution", f"attribute_{step}")
    known = {"policy": policy.policy, "version": policy.version}
    session.execute(statement, {name: known[name] for name in statement.compile().params})


def choose(session: Session, policy: PolicyVersion) -> int:
    """Make `chosen` of `claimed`; how many purchases were claimed.

    Many purchases: the touches are read once through hashes; few: each one's by index. The planner is told which,
    because just after an import it has no statistics to see it by. `chosen` may name purchases that are not claimed:
    what keeps it asks for both.
    """
    span = session.execute(sql("attribution", "attribute_span")).one()
    bulk = span.purchases * ROWS_A_PROBE > session.execute(_TOUCHES).scalar_one()
    session.execute(text(_BULK if bulk else _FEW))
    purchases, only = "claimed", ""
    if bulk and span.purchases:
        purchases = _bulk_purchases(session, span)
        only = buyers_sql(purchases)
    # CREATE TABLE AS, because it may run in parallel.
    made = "CREATE TEMP TABLE chosen ON COMMIT DROP AS " + chosen_sql(policy, only, purchases)
    mask = (1 << (BITS_A_PURCHASE * span.purchases).bit_length()) - 1
    session.execute(*bound(made, policy, mask=mask, **span._mapping))
    session.execute(text(_AS_BEFORE))
    return int(span.purchases)


def _bulk_purchases(session: Session, span: Row[Any]) -> str:
    """What to read the claimed purchases from: parallel workers see no temporary table. If they lie too thin among
    others, it is the table after all, and its statistics say that the touches are the larger side.
    """
    if span.last_id - span.first_id < 2 * span.purchases:
        return _AMONG
    session.execute(text("ANALYZE claimed (viewer)"))
    return "claimed"
