"""Note which transactions are visible at this moment, so that the books can be asked as of it for ever."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql

_TURN = text("SELECT pg_advisory_xact_lock(hashtext('ledger.watermark'))")


def take_watermark(session: Session) -> datetime | None:
    """Set a watermark, unless the last one saw every entry. Returns its moment, which the database's clock tells.

    Those who meet here take turns, so that later watermarks have later moments and see no less.
    """
    session.execute(_TURN)
    taken_at: datetime | None = session.scalar(sql("ledger", "seal_watermark"))
    return taken_at
