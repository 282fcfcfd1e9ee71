"""Find invalid traffic: look at new batches, and at days that have ended, by the rules that are switched on."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from attribution.moves import doubt
from attribution.traffic_rules import find
from core.database import sql
from core.settings import Settings

# One checker at a time: which batches are next is then not a matter of locks that a tallier would have to skip.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('kopeck traffic'))")
# Few that lie together: their touches do, too, and a range of ids finds them.
_NEXT = text(
    "SELECT array_agg(id) AS batches, min(id) AS first, max(id) AS last, min(first_at) AS first_at,"
    " max(last_at) AS last_at FROM event_batch WHERE checked_at IS NULL"
    " AND id < (SELECT min(id) FROM event_batch WHERE checked_at IS NULL) + :limit"
)
_CHECKED = text("UPDATE event_batch SET checked_at = :now WHERE id = ANY (CAST(:batches AS bigint[]))")
_HIT = text(
    'CREATE TEMP TABLE hit (n bigint GENERATED ALWAYS AS IDENTITY, rule text, detail text, event_id text COLLATE "C",'
    ' occurred_at timestamptz, kind smallint, viewer uuid, content text COLLATE "C", product text COLLATE "C")'
    " ON COMMIT DROP"
)
_ANY = text("SELECT EXISTS (SELECT FROM hit)")
# Many rows are hashed at most; compiling costs more than it saves in steps of this size.
_PLAN = text("SET LOCAL jit = off; SET LOCAL work_mem = '128MB'")


def check_batches(session: Session, now: datetime, settings: Settings, limit: int = 100) -> dict[str, int]:
    """Look at the oldest batches not yet looked at: how many there were, and how many touches are suspects now.

    The long part only reads and holds nobody up; who counts touches waits while suspects are written, not before.
    """
    if not session.scalar(_LOCK):
        return {}
    found = session.execute(_NEXT, {"limit": limit}).one()
    if not found.batches:
        return {}
    session.execute(_PLAN)
    session.execute(_HIT)
    find(session, dict(found._mapping), settings)
    suspects = doubt(session, now) if session.scalar(_ANY) else 0
    session.execute(_CHECKED, {"now": now, "batches": found.batches})
    session.execute(text("DROP TABLE hit"))
    return {"batches": len(found.batches), "suspects": suspects}


def judge_day(session: Session, now: datetime, settings: Settings) -> dict[str, int]:
    """Judge the contents of the oldest ended day by the rule of shares: how many, and how many suspects that made.

    Call it until it answers nothing. With the rule off they count as judged: switched on, it looks ahead.
    """
    if not session.scalar(_LOCK):
        return {}
    session.execute(_PLAN)
    session.execute(sql("attribution", "traffic_due"), {"today": now.astimezone(settings.zone).date()})
    due = session.execute(text("SELECT day, count(*) AS contents FROM due GROUP BY day")).one_or_none()
    if due is None:
        session.execute(text("DROP TABLE due"))
        return {}
    session.execute(_HIT)
    if settings.traffic_view_share:
        session.execute(text("ANALYZE due"))
        session.execute(
            sql("attribution", "traffic_view_share"), {"day": due.day, "share": settings.traffic_view_share}
        )
    session.execute(sql("attribution", "traffic_judged"))
    suspects = doubt(session, now) if session.scalar(_ANY) else 0
    session.execute(text("DROP TABLE hit, due"))
    return {"contents": due.contents, "suspects": suspects}
