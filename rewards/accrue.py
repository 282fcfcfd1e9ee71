"""Accrue: set targets for what changed, then post target minus posted from the fund's lines.

Both steps run under one advisory lock, so that an older reading of the facts never overwrites a newer one. Each call
of a step is one transaction's work and bounded; a repeat finds nothing left to do.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings
from ledger.bulk import one_bulk_at_a_time
from rewards.lock import take_turn
from rewards.rules import active_rules
from rewards.target import set_targets

_DUE_TABLES = (
    'CREATE TEMP TABLE IF NOT EXISTS due_day (day date, creator text COLLATE "C", content text COLLATE "C") ON COMMIT DELETE ROWS',
    "CREATE TEMP TABLE IF NOT EXISTS due_purchase (purchase_id bigint) ON COMMIT DELETE ROWS",
)


def price(session: Session, now: datetime, settings: Settings, limit: int = 50_000) -> int:
    """Take changed days and purchases off their queues and set the targets of every active rule for them.

    A day is first priced when it is over and the attribution delay after it has passed; its rows wait in the queue
    until then. Returns how many queue rows were handled.
    """
    take_turn(session, patient=True)
    for statement in _DUE_TABLES:
        session.execute(text(statement))
    today = (now - timedelta(seconds=settings.attribution_delay)).astimezone(settings.zone).date()
    days = session.execute(sql("rewards", "take_due_days"), {"today": today, "limit": limit})
    purchases = session.execute(sql("rewards", "take_due_purchases"), {"limit": limit})
    taken: int = days.rowcount + purchases.rowcount  # type: ignore[attr-defined]
    if taken:
        session.execute(text("ANALYZE due_day, due_purchase"))
        for rule in active_rules(session):
            set_targets(session, rule)
    return taken


def accrue(session: Session, now: datetime, limit: int = 20_000) -> int:
    """Post what is owed and not yet posted, one fund line at a time. Returns how many rewards were posted.

    What has to go back goes back first and frees the line for the rest; what a line cannot pay waits, the oldest
    earning day first, the last in part.
    """
    take_turn(session, patient=True)
    one_bulk_at_a_time(session)
    session.execute(sql("rewards", "accrual_table"))
    return sum(
        _post(session, line.fund, line.id, direction, now, limit)
        for line in session.execute(sql("rewards", "lock_open_lines")).all()
        for direction in ("back", "forward")
    )


def _post(session: Session, fund: str, line: str, direction: str, now: datetime, limit: int) -> int:
    session.execute(text("DELETE FROM accrual"))
    chosen = {"fund": fund, "line": line, "now": now, "limit": limit}
    if not session.execute(sql("rewards", f"choose_{direction}"), chosen).rowcount:  # type: ignore[attr-defined]
        return 0
    session.execute(sql("rewards", "open_accrual_accounts"))
    session.execute(sql("rewards", "post_accrual"), {"fund": fund, "line": line})
    return int(session.execute(sql("rewards", "record_rewards")).rowcount)  # type: ignore[attr-defined]
