"""The rules that look at new batches. Each is a query that puts into `hit` what it doubts; 0 switches it off."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings

# In this order: a touch that several rules hit is listed under the first.
RULES = ("own_viewer", "click_to_purchase", "views_per_hour", "clicks_per_hour", "pair_per_day", "view_share")

# Reading so much of a day's touches in a row costs about what one question to their index costs.
BYTES_A_PROBE = 2_600
_DAYS = text(
    "SELECT day, count(*) AS viewers, pg_relation_size(partition) AS bytes FROM fresh GROUP BY day, partition ORDER BY day"
)


def find(session: Session, params: dict[str, Any], settings: Settings) -> None:
    """Fill `hit` from the batches of `params`."""
    touched = params["first_at"] is not None
    if settings.traffic_own_viewer and touched:
        session.execute(sql("attribution", "traffic_own_viewer"), params)
    if settings.traffic_click_seconds:
        given = params | {"seconds": settings.traffic_click_seconds}
        if touched:
            session.execute(sql("attribution", "traffic_fast_clicks"), given)
        session.execute(sql("attribution", "traffic_fast_purchases"), given)
    if touched:
        _groups(session, params, settings)


def _groups(session: Session, params: dict[str, Any], settings: Settings) -> None:
    """What one viewer does too often, day by day: so that each look is at one partition."""
    limits = {
        "views": settings.traffic_views_per_hour or None,
        "clicks": settings.traffic_clicks_per_hour or None,
        "pair": settings.traffic_pair_per_day or None,
    }
    on = [limit for limit in limits.values() if limit is not None]
    if not on:
        return
    session.execute(sql("attribution", "traffic_fresh"), params)
    session.execute(text("CREATE TEMP TABLE busy (viewer uuid) ON COMMIT DROP"))
    for active in session.execute(_DAYS).all():
        name = "traffic_busy" if active.bytes > BYTES_A_PROBE * active.viewers else "traffic_busy_all"
        session.execute(sql("attribution", name), {"day": active.day, "least": min(on)})
        if session.scalar(text("SELECT EXISTS (SELECT FROM busy)")):
            session.execute(sql("attribution", "traffic_groups"), params | limits | {"day": active.day})
            session.execute(text("TRUNCATE busy"))
    session.execute(text("DROP TABLE fresh, busy"))
