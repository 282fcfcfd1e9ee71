"""Everything that a stranger needs to prove the books without us, one JSON object a line; docs/seals.md has the format.

Each seal is followed by its entries, by id; entries that no seal holds yet come last. `leaf` in an entry is what was
sealed, so that the verifier can name the entry that was changed; a `missing` line stands for a sealed entry that is gone.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from core.database import sql
from ledger.canonical import micros_of, name_of
from ledger.seal_keys import list_keys
from ledger.seal_record import Seal
from ledger.seal_walk import SealWalk
from ledger.tables import entry, seal

VERSION = 1
_CURRENCIES = text(
    "SELECT a.currency, count(*) AS postings, coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS debits,"
    " coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS credits"
    " FROM posting p JOIN account a ON a.id = p.account_id GROUP BY a.currency ORDER BY a.currency"
)


def proof_lines(session: Session) -> Iterator[bytes]:
    """The lines, each with its line feed, at constant memory. The caller has opened one snapshot for all of them."""
    exported_at = session.scalars(select(func.now())).one()
    yield _line(kopeck="ledger-export", version=VERSION, exported_at=exported_at.isoformat())
    for key in list_keys(session):
        endorsement = key.endorsement.hex() if key.endorsement else None
        yield _line(
            type="key",
            id=key.id,
            public_key=key.public_key.hex(),
            endorsed_by=key.endorsed_by,
            endorsement=endorsement,
        )
    walk = SealWalk(session, sql("ledger", "seal_entries"))
    for found, _, meetings in walk:
        yield _seal(found)
        for met in meetings:
            leaf = met.leaf.hex() if met.leaf else None
            if met.row is None:
                yield _line(type="missing", id=met.id, seal=found.n, leaf=leaf)
            else:
                yield _entry(met.row, found.n, leaf)
    for row in walk.rest():
        yield _entry(row, None, None)
    yield _trailer(session)


def _line(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _seal(found: Seal) -> bytes:
    return _line(
        type="seal",
        n=found.n,
        from_xid=found.from_xid,
        below_xid=found.below_xid,
        above_xid=found.above_xid,
        last_entry=found.last_entry,
        entries=found.entries,
        postings=found.postings,
        root=found.root.hex(),
        previous=found.previous.hex(),
        sealed_at=micros_of(found.sealed_at),
        key_id=found.key_id,
        hash=found.hash.hex(),
        signature=found.signature.hex(),
    )


def _entry(row: Row[Any], n: int | None, leaf: str | None) -> bytes:
    """The postings are JSON already when they leave the database."""
    head = _line(
        type="entry",
        id=row.id,
        public=name_of(row.id, row.recorded_at),
        seal=n,
        leaf=leaf,
        key=row.key,
        kind=row.kind,
        currency=row.currency,
        effective_on=row.effective_on.isoformat(),
        booked_on=row.booked_on.isoformat(),
        recorded_at=micros_of(row.recorded_at),
        note=row.note,
        corrects=row.corrects,
    )
    postings: str = row.postings
    return head[:-2] + b',"postings":' + postings.encode() + b"}\n"


def _trailer(session: Session) -> bytes:
    currencies = session.execute(_CURRENCIES).all()
    return _line(
        type="trailer",
        entries=session.scalar(select(func.count()).select_from(entry)),
        postings=sum(row.postings for row in currencies),
        seals=session.scalar(select(func.count()).select_from(seal)),
        currencies={
            row.currency: {"debits": int(row.debits), "credits": int(row.credits)} for row in currencies
        },
    )
