"""Contents: written whole; whose they are and that they are gone never changes.

A deleted content does not come back: its tags, and what was earned by them, ended at a moment that reports have
already used. Whoever posts it again posts a new content under a new reference.

Locks are taken in one order everywhere: contents by reference (new ones first), then their tags.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.decode import ContentRow
from catalog.rejected import Rejected, accepted, among, unknown, unknown_reference
from catalog.tables import content, creator, product
from catalog.tags import Change, change_tags
from catalog.upsert import as_records
from core.database import sql


class Stored(NamedTuple):
    """What stood of a content before this write."""

    creator: str
    published_at: datetime
    deleted_at: datetime | None


def upsert_contents(session: Session, rows: Sequence[ContentRow], now: datetime) -> list[Rejected]:
    """Write contents and their tags, and the days in which a post appeared or moved.

    Left out: `unknown_reference` (creator, tagged product), `content_has_creator`, `content_deleted`. Two
    writers of a new content may meet: one inserts it, the other waits and then finds it standing.
    """
    rejected = _unknown(session, rows)
    out = {item.index for item in rejected}
    owners: dict[str, str] = {}
    for index, row in enumerate(rows):
        if index not in out:
            owners.setdefault(row.id, row.creator)  # of two creators in one set, the first has it
    known = accepted(rows, rejected)
    new = _insert(session, [row for row in known if row.creator == owners[row.id]], now)
    stored = _lock(session, owners.keys() - new)
    owners |= {id: row.creator for id, row in stored.items()}
    rejected += [
        item
        for index, row in enumerate(rows)
        if index not in out and (item := _refusal(index, row, owners, stored)) is not None
    ]
    latest = {row.id: row for row in accepted(rows, rejected)}
    _update(session, [row for row in latest.values() if row.id in stored], now)
    change_tags(session, [_change(row, stored.get(row.id), now) for row in latest.values()], now)
    _note_days(session, latest, stored)
    return rejected


def _unknown(session: Session, rows: Sequence[ContentRow]) -> list[Rejected]:
    creators = unknown(session, creator, (row.creator for row in rows))
    products = unknown(session, product, (id for row in rows for id in row.products))
    rejected = []
    for index, row in enumerate(rows):
        if row.creator in creators:
            rejected.append(unknown_reference(index, "creator", row.creator, "/creator"))
        elif products and (missing := next((id for id in row.products if id in products), None)):
            pointer = f"/products/{row.products.index(missing)}"
            rejected.append(unknown_reference(index, "product", missing, pointer))
    return rejected


def _refusal(
    index: int, row: ContentRow, owners: dict[str, str], stored: dict[str, Stored]
) -> Rejected | None:
    if row.creator != owners[row.id]:
        return Rejected(index, "content_has_creator", f"Content {row.id} is another creator's.")
    if row.id in stored and stored[row.id].deleted_at is not None:
        return Rejected(
            index, "content_deleted", f"Content {row.id} was deleted; a new one needs a new reference."
        )
    return None


def _records(rows: Sequence[ContentRow]) -> str:
    fields = ("id", "creator", "kind", "caption", "region", "published_at")
    return as_records(
        {name: getattr(row, name) for name in fields} for row in {row.id: row for row in rows}.values()
    )


def _insert(session: Session, rows: Sequence[ContentRow], now: datetime) -> set[str]:
    if not rows:
        return set()
    return set(session.scalars(sql("catalog", "insert_contents"), {"rows": _records(rows), "now": now}))


def _lock(session: Session, ids: set[str]) -> dict[str, Stored]:
    """What stands, locked against other writers in the order of references."""
    if not ids:
        return {}
    c = content.c
    found = session.execute(
        select(c.id, c.creator, c.published_at, c.deleted_at)
        .where(among(content, ids))
        .order_by(c.id)
        .with_for_update(key_share=True)
    )
    return {id: Stored(*rest) for id, *rest in found}


def _update(session: Session, rows: Sequence[ContentRow], now: datetime) -> None:
    if rows:
        session.execute(sql("catalog", "update_contents"), {"rows": _records(rows), "now": now})


def _change(row: ContentRow, was: Stored | None, now: datetime) -> Change:
    """From when this content's tags count.

    First tags count from `published_at`, later ones from their arrival. While a content waits for its moment
    nothing has counted yet: its tags still are its first ones, and follow when the moment is moved.
    """
    products = tuple(dict.fromkeys(row.products))
    if was is None:
        return Change(row.id, products, row.published_at, new=True)
    if was.published_at > now and was.published_at != row.published_at:
        return Change(row.id, products, row.published_at, moved_from=was.published_at)
    return Change(row.id, products, max(now, row.published_at))


def _note_days(session: Session, latest: dict[str, ContentRow], stored: dict[str, Stored]) -> None:
    """A post counts in its creator's day: the day it appeared on, and both when it moved."""
    moments = []
    for row in latest.values():
        was = stored.get(row.id)
        if was is None:
            moments.append((row.published_at, row.creator, row.id))
        elif was.published_at != row.published_at:
            moments += [(at, row.creator, row.id) for at in (was.published_at, row.published_at)]
    note_days(session, moments)


def note_days(session: Session, moments: Sequence[tuple[datetime, str, str]]) -> None:
    """Queue the days (of the session's time zone) of these moments for the creators and contents beside them."""
    if moments:
        at, creators, contents = (list(each) for each in zip(*moments, strict=True))
        session.execute(
            sql("catalog", "note_days"), {"moments": at, "creators": creators, "contents": contents}
        )
