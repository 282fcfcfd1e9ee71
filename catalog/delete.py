"""Delete a content: it stays as a row, because events and money point to it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.contents import note_days
from catalog.tables import content
from catalog.tags import end_tags
from core.errors import NotFound


def delete_content(session: Session, id: str, now: datetime) -> None:
    """Mark it deleted and end its tags. Deleting twice is harmless; the first moment stays.

    Raises:
        NotFound: `not_found`, no such content.
    """
    c = content.c
    row = session.execute(
        select(c.creator, c.published_at, c.deleted_at).where(c.id == id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("not_found", "No such content.")
    if row.deleted_at is not None:
        return
    session.execute(update(content).where(c.id == id).values(deleted_at=now, updated_at=now))
    end_tags(session, id, now)
    note_days(session, [(row.published_at, row.creator, id)])
