"""Walk through all seals and their entries, seal by seal, both by entry id, at constant memory.

Neighbouring small seals are read together, so that a year of them is not a million statements.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, TextClause, select
from sqlalchemy.orm import Session

from ledger.leaves import EVER, SIZE, hash_at, id_at, span_of, stream
from ledger.seal_record import Seal
from ledger.seals import COLUMNS, seal_of
from ledger.tables import seal

POSTINGS_AT_ONCE = 100_000
SEALS_AT_ONCE = 500
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Meeting:
    """An entry of a seal: the row as it stands (None: gone) and the leaf that was sealed (None: none was)."""

    id: int
    row: Row[Any] | None
    leaf: bytes | None


class SealWalk:
    """`for seal, meetings in SealWalk(…)`: each seal's meetings are to be read to their end before the next seal.

    `statement` answers rows with `place` and `id`, ordered by them, for the parameters from_xid, below_xid, first,
    last and bounds. `uncovered` holds, after the walk, the ranges of transaction ids that no seal covers.
    """

    def __init__(self, session: Session, statement: TextClause) -> None:
        self._session, self._statement = session, statement
        self.uncovered: list[Range] = []

    def __iter__(self) -> Iterator[tuple[Seal, bytes, Iterator[Meeting]]]:
        below = EVER[0]
        for seals in _groups(self._session):
            # What lies below the very first seal has been posted by no transaction; the first one answers for it.
            first = EVER[0] if below == EVER[0] and seals[0].n == 1 else seals[0].from_xid
            if first > below:
                self.uncovered.append((below, first))
            below = max(below, seals[-1].below_xid)
            yield from self._walk(seals, first)
        self.uncovered.append((below, EVER[1]))

    def rest(self) -> Iterator[Row[Any]]:
        """The rows of the entries that no seal covers."""
        for from_xid, below_xid in self.uncovered:
            yield from self._rows([from_xid], below_xid)

    def _rows(self, bounds: list[int], below_xid: int) -> Iterator[Row[Any]]:
        span = span_of(self._session, bounds[0], below_xid)
        if span is not None:
            yield from stream(self._session, self._statement, span | {"bounds": bounds})

    def _walk(self, seals: list[Seal], first: int) -> Iterator[tuple[Seal, bytes, Iterator[Meeting]]]:
        stored = select(seal.c.n, seal.c.leaves).where(seal.c.n.between(seals[0].n, seals[-1].n))
        leaves: dict[int, bytes] = {n: blob for n, blob in self._session.execute(stored)}
        bounds = [first, *(each.from_xid for each in seals[1:])]
        by_place = groupby(self._rows(bounds, seals[-1].below_xid), key=_place)
        place, rows = next(by_place, (None, iter(())))
        for number, each in enumerate(seals, 1):
            if place == number:
                yield each, leaves[each.n], _meet(leaves[each.n], rows)
                place, rows = next(by_place, (None, iter(())))
            else:
                yield each, leaves[each.n], _meet(leaves[each.n], iter(()))


def _place(row: Row[Any]) -> int:
    place: int = row.place
    return place


def _groups(session: Session) -> Iterator[list[Seal]]:
    """Seals by number, in groups that adjoin and are small enough to be read at once."""
    group: list[Seal] = []
    for each in _seals(session):
        full = sum(other.postings for other in group) + each.postings > POSTINGS_AT_ONCE
        if group and (full or len(group) == SEALS_AT_ONCE or each.from_xid != group[-1].below_xid):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _seals(session: Session) -> Iterator[Seal]:
    last = EVER[0]
    query = select(*COLUMNS).order_by(seal.c.n).limit(SEALS_AT_ONCE)
    while rows := session.execute(query.where(seal.c.n > last)).all():
        yield from map(seal_of, rows)
        last = rows[-1].n


def _meet(leaves: bytes, rows: Iterator[Row[Any]]) -> Iterator[Meeting]:
    """Merge stored leaves and rows, both by id."""
    row = next(rows, None)
    for index in range(len(leaves) // SIZE):
        id = id_at(leaves, index)
        while row is not None and row.id < id:
            yield Meeting(row.id, row, None)
            row = next(rows, None)
        found = row if row is not None and row.id == id else None
        yield Meeting(id, found, hash_at(leaves, index))
        row = next(rows, None) if found is not None else row
    while row is not None:
        yield Meeting(row.id, row, None)
        row = next(rows, None)
