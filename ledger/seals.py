"""Seals as they stand: the list, one, and the proof that an entry is in one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import key_of, public_id
from ledger.leaves import SIZE, hash_at, hashes, id_at, read_leaf_bytes
from ledger.merkle import prove
from ledger.seal_record import Seal
from ledger.tables import seal

COLUMNS: list[ColumnElement[Any]] = [column for column in seal.c if column.name != "leaves"]
_UNSEALED = text(
    "SELECT count(*), min(recorded_at) FROM entry"
    " WHERE xid >= coalesce((SELECT below_xid FROM seal ORDER BY n DESC LIMIT 1), 0)"
)


@dataclass(frozen=True, slots=True)
class EntryProof:
    """That an entry is in a seal: its leaf at `index` of `size` leads along `path` to the seal's root.

    `content`: the canonical bytes of the entry as it stands now; `leaf` is what was sealed.
    """

    entry: str
    seal: int
    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]
    root: bytes
    content: bytes


def seal_of(row: Row[Any]) -> Seal:
    """A row of `COLUMNS`."""
    return Seal(**{column.name: getattr(row, column.name) for column in COLUMNS})


def list_seals(session: Session, limit: int, below: int | None = None) -> list[Seal]:
    """The newest seals first; `below`: only those with a smaller number."""
    query = select(*COLUMNS).order_by(seal.c.n.desc()).limit(limit)
    if below is not None:
        query = query.where(seal.c.n < below)
    return [seal_of(row) for row in session.execute(query)]


def get_seal(session: Session, n: int) -> Seal:
    """One seal.

    Raises:
        NotFound: no such seal.
    """
    row = session.execute(select(*COLUMNS).where(seal.c.n == n)).one_or_none() if n < 2**63 else None
    if row is None:
        raise NotFound("not_found", f"No seal {n}.")
    return seal_of(row)


def prove_entry(session: Session, n: int, entry: str) -> EntryProof:
    """The proof that an entry is in a seal.

    Raises:
        NotFound: no such seal, no such entry, or it is not in that seal.
    """
    found = get_seal(session, n)
    leaves: bytes = session.scalars(select(seal.c.leaves).where(seal.c.n == n)).one()
    id = key_of("ent", entry)
    index = find_leaf(leaves, id)
    stands = None if index is None else read_leaf_bytes(session, id)
    if index is None or stands is None or public_id("ent", id, stands[0]) != entry:
        raise NotFound("not_found", f"Seal {n} does not hold that entry.")
    proof = prove(hashes(leaves), index)
    return EntryProof(entry, n, index, proof.size, hash_at(leaves, index), proof.path, found.root, stands[1])


def find_leaf(leaves: bytes, entry_id: int) -> int | None:
    """The place of an entry among stored leaves, by halving; None when it is not there."""
    low, high = 0, len(leaves) // SIZE
    while low < high:
        middle = (low + high) // 2
        if id_at(leaves, middle) < entry_id:
            low = middle + 1
        else:
            high = middle
    return low if low < len(leaves) // SIZE and id_at(leaves, low) == entry_id else None


def unsealed(session: Session) -> tuple[int, datetime | None]:
    """How many entries no seal holds yet, and since when the oldest waits."""
    count, oldest = session.execute(_UNSEALED).one()
    return count, oldest


def newest(session: Session) -> Seal | None:
    """The head of the chain."""
    return next(iter(list_seals(session, 1)), None)
