"""A seal: what it says, the bytes that are signed, and how it hangs on the seal before. Pure."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.canonical import blob, micros_of, number, words

NO_SEAL = bytes(32)  # stands for the hash before the first seal


@dataclass(frozen=True, slots=True)
class Seal:
    """Entries of the transactions from `from_xid` to below `below_xid`, by id: `root` is the root over their leaves.

    No transaction from `above_xid` on had begun when they were read; `last_entry` is the greatest entry id of this and
    all seals before. `previous` is the hash of the seal before.
    """

    n: int
    from_xid: int
    below_xid: int
    above_xid: int
    last_entry: int
    entries: int
    postings: int
    root: bytes
    previous: bytes
    sealed_at: datetime
    key_id: str
    hash: bytes = b""
    signature: bytes = b""

    def record(self) -> bytes:
        """The bytes that are signed, and whose SHA-256 is the seal's hash."""
        numbers = (self.entries, self.postings, self.from_xid, self.below_xid, self.above_xid)
        return b"".join(
            (
                words("kopeck.seal.1"),
                number(self.n),
                blob(self.previous),
                blob(self.root),
                *map(number, numbers),
                number(self.last_entry),
                number(micros_of(self.sealed_at)),
                words(self.key_id),
            )
        )

    def digest(self) -> bytes:
        """What `hash` must be."""
        return hashlib.sha256(self.record()).digest()


def endorsement_record(public_key: bytes) -> bytes:
    """The bytes that a key signs to name the key after it."""
    return words("kopeck.key.1") + blob(public_key)


def signed_by(public_key: bytes, signature: bytes, record: bytes) -> bool:
    """Is this the key's Ed25519 signature over the record?"""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, record)
    except (InvalidSignature, ValueError):
        return False
    return True


def link_problems(seal: Seal, before: Seal | None, public_key: bytes | None) -> Iterator[str]:
    """What is wrong with a seal and its place in the chain. `public_key` None: its key is judged elsewhere."""
    if seal.hash != seal.digest():
        yield "its hash is not that of what it says"
    if public_key is not None and not signed_by(public_key, seal.signature, seal.record()):
        yield f"its signature is not one of the key {seal.key_id} over what it says"
    expected = before.n + 1 if before else 1
    if seal.n != expected:
        missing = f"seal {expected} is" if seal.n == expected + 1 else f"seals {expected} to {seal.n - 1} are"
        yield f"{missing} missing before it"
        return
    if seal.previous != (before.digest() if before else NO_SEAL):
        yield "it follows another seal than the one before it"
    if seal.from_xid != (before.below_xid if before else 0):
        yield "it does not begin where the seal before it ends"
    if seal.above_xid < seal.below_xid or (before and seal.last_entry < before.last_entry):
        yield "its bounds contradict each other"
