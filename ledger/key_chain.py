"""Which keys may sign seals: those that are trusted, and whom they endorsed. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.seal_record import endorsement_record, signed_by


def key_id(public_key: bytes) -> str:
    """The name of a key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key as it was published; all but the first are endorsed (signed) by the key before."""

    id: str
    public_key: bytes
    endorsed_by: str | None = None
    endorsement: bytes | None = None


class KeyChain:
    """The published keys, seen from those that are trusted.

    Without trusted ones the first published key that nobody endorsed is the beginning: that proves that the keys fit
    together, not whose they are.
    """

    def __init__(self, published: Iterable[PublishedKey], trusted: Sequence[bytes] = ()) -> None:
        keys = [key for key in published if key.id == key_id(key.public_key)]
        start = list(trusted) or [key.public_key for key in keys if key.endorsed_by is None][:1]
        self._accepted = {key_id(public): public for public in start}
        self._parents = {key.id: key.endorsed_by for key in keys}
        while fresh := [key for key in keys if key.id not in self._accepted and self._endorsed(key)]:
            self._accepted |= {key.id: key.public_key for key in fresh}

    def _endorsed(self, key: PublishedKey) -> bool:
        by = self._accepted.get(key.endorsed_by or "")
        record = endorsement_record(key.public_key)
        return by is not None and key.endorsement is not None and signed_by(by, key.endorsement, record)

    @property
    def accepted(self) -> Mapping[str, bytes]:
        """Public keys by id."""
        return self._accepted

    def follows(self, later: str, earlier: str) -> bool:
        """Is it the same key, or one that took its place, directly or through others? A replaced key never returns."""
        seen: set[str] = set()
        at: str | None = later
        while at is not None and at not in seen:
            if at == earlier:
                return True
            seen.add(at)
            at = self._parents.get(at)
        return False
