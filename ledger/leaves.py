"""Leaves of entries, as the database makes them; see `sql/leaves.sql` for the bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from core.database import sql

EVER = (-(2**63), 2**63 - 1)  # every xid
SIZE = 40  # of a stored leaf: the entry's id and its hash
_FETCHED = 2000

# An aggregate over the expression, lest the planner walk a whole index for the first entry that fits.
_SPAN = text("SELECT min(id + 0), max(id + 0) FROM entry WHERE xid >= :from_xid AND xid < :below_xid")
_TAKE = text(
    "SELECT count(*) AS entries, CAST(sum(postings) AS bigint) AS postings,"
    f" string_agg(int8send(id) || sha256(data), ''\\:\\:bytea ORDER BY id) AS leaves FROM ({sql('ledger', 'leaves').text}) l"
)
_ONE = text(f"SELECT recorded_at, data FROM ({sql('ledger', 'leaves').text}) l")
# Sorts of a whole seal stay in memory; and all rows are wanted, not the first ones soon.
_READ_MUCH = text(
    "SELECT set_config('work_mem', '64MB', true), set_config('cursor_tuple_fraction', '1', true)"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a seal is made of: for each entry, by id, its id (8 bytes) and leaf hash (32 bytes)."""

    entries: int
    postings: int
    leaves: bytes

    @property
    def last_entry(self) -> int:
        return id_at(self.leaves, self.entries - 1)


def id_at(leaves: bytes, index: int) -> int:
    """The entry's id in a stored leaf."""
    return int.from_bytes(leaves[SIZE * index : SIZE * index + 8], "big", signed=True)


def hash_at(leaves: bytes, index: int) -> bytes:
    """The hash in a stored leaf."""
    return leaves[SIZE * index + 8 : SIZE * (index + 1)]


def hashes(leaves: bytes) -> list[bytes]:
    """All of them, in the order of the entries."""
    return [leaves[at + 8 : at + SIZE] for at in range(0, len(leaves), SIZE)]


def span_of(session: Session, from_xid: int, below_xid: int) -> dict[str, int] | None:
    """The transactions' bounds with the least and greatest id of their entries, as the statements want them."""
    xids = {"from_xid": from_xid, "below_xid": below_xid}
    first, last = session.execute(_SPAN, xids).one()
    return None if first is None else xids | {"first": first, "last": last}


def take_leaves(session: Session, from_xid: int, below_xid: int) -> Taken | None:
    """The leaves of all entries of those transactions; None without any."""
    span = span_of(session, from_xid, below_xid)
    if span is None:
        return None
    session.execute(_READ_MUCH)
    row = session.execute(_TAKE, span).one()
    return Taken(row.entries, row.postings, bytes(row.leaves))


def read_leaf_bytes(session: Session, entry_id: int) -> tuple[datetime, bytes] | None:
    """When an entry was recorded, and its canonical bytes as it stands now; None when it is gone."""
    bounds = {"from_xid": EVER[0], "below_xid": EVER[1], "first": entry_id, "last": entry_id}
    row = session.execute(_ONE, bounds).one_or_none()
    return None if row is None else (row.recorded_at, bytes(row.data)[1:])


def stream(session: Session, statement: TextClause, parameters: dict[str, Any]) -> Iterator[Row[Any]]:
    """The rows of a long answer, fetched a few at a time, so that memory does not grow with it."""
    session.execute(_READ_MUCH)
    options = {"stream_results": True, "yield_per": _FETCHED}
    yield from session.execute(statement, parameters, execution_options=options)
