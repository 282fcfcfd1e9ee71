"""Seal the entries that came since the last seal: Merkle root, chain, signature. Writers never wait for it.

Transactions end in another order than they began in, so entries are not taken by their ids: a seal takes all entries of
the transactions between two transaction ids, when every transaction below the upper one has ended.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from core.database import sql, transaction
from core.errors import Unavailable
from ledger.keyring import Signer
from ledger.leaves import hashes, take_leaves
from ledger.merkle import root_of
from ledger.seal_keys import ensure_published
from ledger.seal_record import NO_SEAL, Seal
from ledger.tables import seal
from ledger.watermark import take_watermark

MOST_POSTINGS = 250_000
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('ledger.seal'))")
_EPOCH = text("SELECT ledger_epoch()")
_UNFIT = text(
    "SELECT pg_current_xact_id_if_assigned() IS NOT NULL OR current_setting('transaction_isolation') <> 'read committed'"
)
_OWN_XID = text("SELECT pg_current_xact_id()\\:\\:text\\:\\:bigint")
_SUMMARIZE = text("SELECT ledger_summarize()")
_LAST = select(seal.c.n, seal.c.below_xid, seal.c.last_entry, seal.c.hash).order_by(seal.c.n.desc()).limit(1)


def take_seal(
    session: Session, signer: Signer, now: datetime, most_postings: int = MOST_POSTINGS
) -> Seal | None:
    """Seal what came since the last one; None when nothing has.

    More than `most_postings` end behind the transaction with which they are reached. Sealers take turns. Killed at any
    moment it leaves nothing, or the whole seal.

    Raises:
        Refused: `seal_key_not_endorsed`.
        RuntimeError: the transaction has written something already, so its own id does not bound the others', or it
            keeps one snapshot, which cannot see what ended since.
    """
    session.execute(_ALONE)
    offset = session.scalar(_EPOCH) or 0
    if session.scalar(_UNFIT):
        raise RuntimeError(
            "a seal is the first thing that its transaction writes, and each statement sees anew"
        )
    last = session.execute(_LAST).one_or_none()
    from_xid = last.below_xid if last else 0
    reach = {"from_xid": from_xid, "xid_offset": offset, "most": most_postings}
    below_xid: int = session.scalars(sql("ledger", "seal_reach"), reach).one()
    taken = take_leaves(session, from_xid, below_xid) if below_xid > from_xid else None
    if taken is None:
        return None
    # An id of our own, now: every transaction that took an entry's id before what we read began before it.
    above_xid = session.scalars(_OWN_XID).one() + offset
    unsigned = Seal(
        n=last.n + 1 if last else 1,
        from_xid=from_xid,
        below_xid=below_xid,
        above_xid=above_xid,
        last_entry=max(taken.last_entry, last.last_entry if last else 0),
        entries=taken.entries,
        postings=taken.postings,
        root=root_of(hashes(taken.leaves)),
        previous=bytes(last.hash) if last else NO_SEAL,
        sealed_at=now,
        key_id=signer.id,
    )
    return _store(session, signer, unsigned, taken.leaves)


def _store(session: Session, signer: Signer, unsigned: Seal, leaves: bytes) -> Seal:
    ensure_published(session, signer)
    signed = replace(unsigned, hash=unsigned.digest(), signature=signer.sign(unsigned.record()))
    session.execute(insert(seal).values(**asdict(signed), leaves=leaves))
    return signed


def seal_next(
    engine: Engine, signer: Signer, now: datetime, most_postings: int = MOST_POSTINGS
) -> Seal | None:
    """One seal in a transaction of its own, and a watermark of the same moment."""
    with transaction(engine) as session:
        session.execute(_EPOCH)  # books that moved to another cluster enter it before
    with transaction(engine) as session:
        taken = take_seal(session, signer, now, most_postings)
        take_watermark(session)
        return taken


def seal_all(
    engine: Engine, signer: Signer, now: Callable[[], datetime], most_postings: int = MOST_POSTINGS
) -> Iterator[Seal]:
    """Seal everything there is, one transaction a seal; each seal as it stands.

    It ends with the first seal that had room for more: what is posted meanwhile is the next call's.
    """
    summarize(engine)
    while (taken := seal_next(engine, signer, now(), most_postings)) is not None:
        yield taken
        if taken.postings < most_postings:
            return


def summarize(engine: Engine) -> None:
    """Let the index of postings by entry know its newest rows; when a vacuum is at it, that does so itself."""
    try:
        with transaction(engine) as session:
            session.execute(_SUMMARIZE)
    except Unavailable:
        pass
