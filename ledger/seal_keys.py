"""The public keys of the seals, as the database shows them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.errors import Refused
from ledger.key_chain import KeyChain, PublishedKey
from ledger.keyring import Signer
from ledger.seal_record import endorsement_record
from ledger.tables import seal, seal_key


@dataclass(frozen=True, slots=True)
class SealKey:
    """A public key, the key that endorsed it, and since when it is known."""

    id: str
    public_key: bytes
    endorsed_by: str | None
    endorsement: bytes | None
    recorded_at: datetime


def list_keys(session: Session) -> list[SealKey]:
    """Every public key, in the order in which they were published."""
    rows = session.execute(select(seal_key).order_by(seal_key.c.recorded_at, seal_key.c.id))
    return [SealKey(**row._mapping) for row in rows]


def published(session: Session) -> list[PublishedKey]:
    """The same, as a chain is made from them."""
    return [
        PublishedKey(key.id, key.public_key, key.endorsed_by, key.endorsement) for key in list_keys(session)
    ]


def ensure_published(session: Session, signer: Signer) -> None:
    """Publish the first key; of a later one see that the key of the last seal was replaced by it.

    Raises:
        Refused: `seal_key_not_endorsed`.
    """
    keys = published(session)
    if not keys:
        session.execute(insert(seal_key).values(id=signer.id, public_key=signer.public))
        return
    last = session.scalar(select(seal.c.key_id).order_by(seal.c.n.desc()).limit(1))
    known = any(key.id == signer.id for key in keys)
    if not known or (last is not None and not KeyChain(keys).follows(signer.id, last)):
        raise Refused(
            "seal_key_not_endorsed",
            f"The books are sealed with the key {last or keys[-1].id}, not with {signer.id}: restore that key, or"
            " change keys with `kopeck ledger keys rotate`.",
        )


def endorse(session: Session, old: Signer, new: Signer) -> None:
    """Publish a new key with the old one's signature over it. A repeat changes nothing.

    Raises:
        Refused: `seal_key_not_endorsed`, the old one is not the key that seals.
    """
    ensure_published(session, old)
    if any(key.id == new.id for key in published(session)):
        return
    signature = old.sign(endorsement_record(new.public))
    session.execute(
        insert(seal_key).values(id=new.id, public_key=new.public, endorsed_by=old.id, endorsement=signature)
    )
