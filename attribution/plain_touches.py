"""Touches that are new, of things that the catalog knows, and alone under their ids: nearly all of a feed.

They go by COPY into their partitions, which writes many rows at once; everything else is staged and judged by itself.
"""

from collections import Counter
from collections.abc import Sequence

import psycopg2
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from attribution.staging import TOUCH_COLUMNS, Decoded, staged_touch
from core.database import sql

_PIECE = 1000  # rows


class _Pieces:
    """Rows as a file, some at a time, so that they never stand whole beside what they are made of."""

    def __init__(self, rows: Sequence[str], end: str) -> None:
        self.pieces = (end.join([*rows[at : at + _PIECE], ""]).encode() for at in range(0, len(rows), _PIECE))

    def read(self, size: int = 0) -> bytes:
        return next(self.pieces, b"")


def copy_in(session: Session, into: str, rows: Sequence[str], end: str = "") -> None:
    """COPY rows of text, each with this end, into a table and its columns; errors are told as any other statement's.

    Raises:
        DBAPIError: what the database said.
    """
    statement = f"COPY {into} FROM STDIN"
    cursor = session.connection().connection.cursor()
    try:
        cursor.copy_expert(statement, _Pieces(rows, end))
    except psycopg2.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg2.Error, hide_parameters=True) from error
    finally:
        cursor.close()


def write_plain(session: Session, decoded: Decoded, batch: int) -> tuple[int, list[str]]:
    """How many touches went in and need no more thought, and the lines to stage for all others.

    Rows are written in the order of time and id, as `touch_insert` does it: two batches with the same events wait for
    each other in one direction only. So of touches that share an id the first at each moment goes in here too, and is
    staged beside the others to be judged with them.
    """
    if not decoded.touches:
        return 0, []
    odd, repeated = _odd(session, decoded), _repeated(decoded.ids)
    plain, firsts, staged = decoded.touches, {}, []
    if odd or repeated:
        plain = []
        for touch, id, index in zip(decoded.touches, decoded.ids, decoded.indexes, strict=True):
            if id in odd or id in repeated:
                staged.append(staged_touch(touch, index))
                if id not in odd:
                    firsts.setdefault((id, touch.partition("\t")[0]), touch)
            else:
                plain.append(touch)
    if not _written(session, sorted([*plain, *firsts.values()]), batch):
        return 0, list(map(staged_touch, decoded.touches, decoded.indexes))
    return len(plain), staged


def _odd(session: Session, decoded: Decoded) -> set[str]:
    """The ids of touches that stand already, are parked, or name what the catalog does not know."""
    span = decoded.span() or (None, None)
    lists = {"contents": decoded.contents, "products": decoded.products, "ids": sorted(set(decoded.ids))}
    found = session.execute(
        sql("attribution", "touch_odd"),
        {name: ",".join(names) for name, names in lists.items()} | {"first_at": span[0], "last_at": span[1]},
    ).all()
    odd = {name for what, name in found if what == "id"}
    unknown = {(what, name) for what, name in found if what != "id"}
    if unknown:
        for touch, id in zip(decoded.touches, decoded.ids, strict=True):
            content, product = touch.split("\t", 6)[4:6]
            if ("content", content) in unknown or ("product", product) in unknown:
                odd.add(id)
    return odd


def _repeated(ids: list[str]) -> set[str]:
    if len(set(ids)) == len(ids):
        return set()
    return {id for id, times in Counter(ids).items() if times > 1}


def _written(session: Session, touches: list[str], batch: int) -> bool:
    """Not, when another batch has brought one of them meanwhile."""
    if not touches:
        return True
    try:
        with session.begin_nested():
            copy_in(session, f"touch ({TOUCH_COLUMNS}, batch_id)", touches, f"\t{batch}\n")
    except IntegrityError:
        return False
    return True
