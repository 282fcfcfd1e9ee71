"""Product tags over time: standing ones that are no longer wanted end, wanted ones that do not stand begin.

The caller holds the contents' rows locked, so nobody else changes their tags meanwhile. An interval is `[from,
until)`; one that ended where it began is empty, and is opened again rather than doubled (its key is taken).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from catalog.tables import product_tag
from core.database import sql

_PAIRS = 100_000  # in one statement: about 5 s, well inside the statement timeout


@dataclass(frozen=True, slots=True)
class Change:
    """The products a content shall be tagged with; those not yet tagged count from `since`.

    `moved_from`: standing tags from that very moment start anew at `since` (the content's publication was moved).
    """

    content: str
    products: tuple[str, ...]
    since: datetime
    new: bool = False
    moved_from: datetime | None = None


def change_tags(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Bring the tags of these contents to what is wanted. A repeat changes nothing."""
    wanted = [(change.content, product, change.since) for change in changes for product in change.products]
    old = [change for change in changes if not change.new]
    if old:
        contents, products, _ = _columns(wanted)
        session.execute(
            sql("catalog", "close_tags"),
            {
                "now": now,
                "contents": [change.content for change in old],
                "moved_from": [change.moved_from for change in old],
                "wanted_contents": contents,
                "wanted_products": products,
            },
        )
    for start in range(0, len(wanted), _PAIRS):
        contents, products, since = _columns(wanted[start : start + _PAIRS])
        session.execute(
            sql("catalog", "open_tags"), {"contents": contents, "products": products, "since": since}
        )


def _columns(pairs: Sequence[tuple[str, str, datetime]]) -> tuple[list[str], list[str], list[datetime]]:
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs], [pair[2] for pair in pairs]


def end_tags(session: Session, content: str, now: datetime) -> None:
    """End all standing tags of one content; one that would only begin later never does."""
    t = product_tag.c
    session.execute(
        update(product_tag)
        .where(t.content == content, t.tagged_until.is_(None))
        .values(tagged_until=func.greatest(t.tagged_from, now))
    )
