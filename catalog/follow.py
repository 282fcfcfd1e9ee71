"""Follows and likes: intervals of a pseudonym. Doing it twice, or ending what does not stand, changes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select, update
from sqlalchemy.orm import Session

from catalog.decode import FollowRow, LikeRow
from catalog.rejected import Rejected, unknown, unknown_reference
from catalog.tables import content, content_like, creator, follow
from core.database import sql
from core.secrets import Vault


def upsert_follows(
    session: Session, rows: Sequence[FollowRow], now: datetime, vault: Vault
) -> list[Rejected]:
    """From now on these viewers follow; one of an unknown creator is `unknown_reference`."""
    pairs = [(row.creator, row.viewer) for row in rows]
    return _begin(session, creator, "upsert_follows", pairs, now, vault)


def upsert_likes(session: Session, rows: Sequence[LikeRow], now: datetime, vault: Vault) -> list[Rejected]:
    """From now on these viewers like; one of an unknown content is `unknown_reference`."""
    pairs = [(row.content, row.viewer) for row in rows]
    return _begin(session, content, "upsert_likes", pairs, now, vault)


def unfollow(session: Session, viewer: str, creator_id: str, now: datetime, vault: Vault) -> bool:
    """End a follow. False when none stood."""
    return _end(session, follow, follow.c.creator == creator_id, vault.pseudonym(viewer), now)


def unlike(session: Session, viewer: str, content_id: str, now: datetime, vault: Vault) -> bool:
    """End a like. False when none stood."""
    return _end(session, content_like, content_like.c.content == content_id, vault.pseudonym(viewer), now)


def _begin(
    session: Session,
    target: Table,
    statement: str,
    pairs: Sequence[tuple[str, str]],
    now: datetime,
    vault: Vault,
) -> list[Rejected]:
    """`pairs`: the target's reference and the viewer's."""
    missing = unknown(session, target, (ref for ref, _ in pairs))
    known = {(ref, vault.pseudonym(viewer)) for ref, viewer in pairs if ref not in missing}
    if known:
        refs, viewers = zip(*known, strict=True)
        session.execute(sql("catalog", statement), {"refs": list(refs), "viewers": list(viewers), "now": now})
    return [
        unknown_reference(index, target.name, ref, f"/{target.name}")
        for index, (ref, _) in enumerate(pairs)
        if ref in missing
    ]


def _end(session: Session, table: Table, whose: ColumnElement[bool], viewer: str, now: datetime) -> bool:
    t = table.c
    ended = session.scalar(
        update(table)
        .where(whose, t.viewer == viewer, t.until.is_(None))
        .values(until=func.greatest(t.since, now))
        .returning(select(1).scalar_subquery())
    )
    return ended is not None
