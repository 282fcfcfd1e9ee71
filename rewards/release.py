"""Release: what has matured moves from pending to available, negatives included."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.database import sql
from ledger.bulk import one_bulk_at_a_time


def release(session: Session, now: datetime, limit: int = 50_000) -> int:
    """Release about `limit` matured rewards. Returns how many; a repeat finds them released.

    What a creator has of one moment goes together. Two releasers take turns, and a reward row is released once.
    """
    one_bulk_at_a_time(session)
    session.execute(sql("rewards", "release_table"))
    if not session.execute(sql("rewards", "choose_matured"), {"now": now, "limit": limit}).rowcount:  # type: ignore[attr-defined]
        return 0
    session.execute(sql("rewards", "open_release_accounts"))
    session.execute(sql("rewards", "post_release"), {"today": now})
    return int(session.execute(sql("rewards", "mark_released"), {"now": now}).rowcount)  # type: ignore[attr-defined]
