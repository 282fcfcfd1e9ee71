"""Prove every seal: the chain and its signatures, and every sealed entry against the books as they stand."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.database import sql
from ledger.canonical import name_of
from ledger.finding import Finding
from ledger.leaves import hashes
from ledger.merkle import root_of
from ledger.seal_chain import Head, SealChain
from ledger.seal_keys import published
from ledger.seal_record import Seal
from ledger.seal_walk import Meeting, SealWalk
from ledger.tables import entry

_ROWS = text(
    "SELECT width_bucket(xid, CAST(:bounds AS bigint[])) AS place, id, xid, recorded_at, sha256(data) AS leaf"
    f" FROM ({sql('ledger', 'leaves').text}) l ORDER BY place, id"
)
_LATE = text(
    "SELECT id, xid, recorded_at FROM entry WHERE xid >= :below_xid AND id <= :last_entry ORDER BY id"
)


def check_seals(
    session: Session, trusted: Sequence[bytes] = (), head: Head | None = None, limit: int = 100
) -> list[Finding]:
    """Everything that is wrong with the seals, or with an entry that one holds; at most `limit` of each check.

    `trusted`: public keys known from outside the database; without them the first published key is believed. `head`:
    a seal's number and hash that were written down outside; only that shows that the newest seals were cut off.
    Constant memory, whatever the number of entries.
    """
    return _Check(session, limit).run(trusted, head)


class _Check:
    """One pass over all seals; what was found, and what later seals are compared with."""

    def __init__(self, session: Session, limit: int) -> None:
        self._session, self._limit = session, limit
        self._found: list[Finding] = []
        self._counts: Counter[str] = Counter()
        self._above, self._last = array("q"), array("q")

    def run(self, trusted: Sequence[bytes], head: Head | None) -> list[Finding]:
        chain = SealChain(published(self._session), trusted, head)
        for seal, leaves, meetings in SealWalk(self._session, _ROWS):
            for subject, detail in chain.take(seal):
                self._add("seal_broken", subject, detail)
            if root_of(hashes(leaves)) != seal.root:
                self._add("seal_broken", f"seal {seal.n}", "its root is not that of its leaves")
            self._above.append(seal.above_xid)
            self._last.append(seal.last_entry)
            for meeting in meetings:
                self._meet(seal, meeting)
        for subject, detail in chain.finish():
            self._add("seal_broken", subject, detail)
        if chain.last is not None:
            bounds = {"below_xid": chain.last.below_xid, "last_entry": chain.last.last_entry}
            for row in self._session.execute(_LATE, bounds):
                self._order(row.id, row.xid, row.recorded_at)
        return self._found

    def _meet(self, seal: Seal, met: Meeting) -> None:
        if met.row is None:
            return self._gone(seal, met.id)
        if met.leaf is None:
            detail = f"it lies among the transactions of seal {seal.n}, which does not hold it"
            self._add("entry_added", _name(met.id, met.row.recorded_at), detail)
        elif bytes(met.row.leaf) != met.leaf:
            detail = f"it is not what seal {seal.n} holds"
            self._add("entry_changed", _name(met.id, met.row.recorded_at), detail)
        self._order(met.id, met.row.xid, met.row.recorded_at)

    def _gone(self, seal: Seal, id: int) -> None:
        recorded_at = self._session.scalar(select(entry.c.recorded_at).where(entry.c.id == id))
        if recorded_at is None:
            self._add("entry_deleted", f"entry {id}", f"seal {seal.n} holds it, and it is gone")
        else:
            detail = f"seal {seal.n} holds it, and it was given another transaction"
            self._add("entry_changed", _name(id, recorded_at), detail)

    def _order(self, id: int, xid: int, recorded_at: datetime) -> None:
        """An id up to a sealed one was taken by a transaction that had begun by then."""
        place = bisect_right(self._above, xid)
        if place and id <= self._last[place - 1]:
            detail = f"its id was past when seal {place} was made, and its transaction had not begun"
            self._add("entry_forged", _name(id, recorded_at), detail)

    def _add(self, check: str, subject: str, detail: str) -> None:
        self._counts[check] += 1
        if self._counts[check] <= self._limit:
            self._found.append(Finding(check, subject, detail))


def _name(id: int, recorded_at: datetime) -> str:
    return f"entry {name_of(id, recorded_at)}"
