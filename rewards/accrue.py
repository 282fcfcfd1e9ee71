"""Accrue: post target minus posted, from the fund's lines and the sellers' balances that pay for it.

Each call is one transaction's work and bounded; a repeat finds nothing left to do.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings
from ledger.bulk import one_bulk_at_a_time
from rewards.lock import take_turn
from rewards.price import first_open_day

# What waits is found by its partial indexes, however long ago the tables were counted and however much was posted since.
_BY_INDEX = text("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off")


def accrue(session: Session, now: datetime, settings: Settings, limit: int = 50_000) -> int:
    """Post what is owed and not yet posted, up to `limit` a source. Returns how many targets were posted.

    What has to go back goes back first and frees its source for the rest. Then what waits is paid, the oldest earning
    day first, the last in part. A rule that prorates comes after all that waits on its line, once every day that is over
    has been priced: what the line cannot pay of it is cut for good. An empty line cuts nothing.
    """
    take_turn(session, patient=True)
    one_bulk_at_a_time(session)
    session.execute(_BY_INDEX)
    session.execute(sql("rewards", "accrual_table"))
    session.execute(sql("rewards", "lock_open_lines"))
    session.execute(sql("rewards", "lock_open_sellers"))
    asked = {"now": now, "limit": limit}
    posted = sum(_post(session, f"choose_{each}", asked) for each in ("back", "forward", "forward_sellers"))
    today = {"today": first_open_day(now, settings)}
    rules = session.scalars(sql("rewards", "prorating"), today).all()
    return posted + sum(_post(session, "choose_prorated", {"now": now, "rule": each}) for each in rules)


def _post(session: Session, choose: str, asked: dict[str, object]) -> int:
    session.execute(text("DELETE FROM accrual"))
    if not session.execute(sql("rewards", choose), asked).rowcount:  # type: ignore[attr-defined]
        return 0
    session.execute(text("ANALYZE accrual"))
    session.execute(sql("rewards", "open_accrual_accounts"))
    session.execute(sql("rewards", "post_accrual"))
    session.execute(sql("rewards", "move_posted"))
    session.execute(sql("rewards", "record_rewards"))
    return int(session.scalar(text("SELECT count(*) FROM accrual")) or 0)
