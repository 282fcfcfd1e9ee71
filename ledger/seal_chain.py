"""Follow the chain of seals from the first to the last: links, signatures, keys, the head. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from ledger.key_chain import KeyChain, PublishedKey, key_id
from ledger.seal_record import Seal, link_problems

Head = tuple[int, bytes]  # a seal's number and hash, as they were written down outside


class SealChain:
    """Takes seals by number; constant memory. Each problem is what it is about, and what is wrong."""

    def __init__(
        self, published: Iterable[PublishedKey], trusted: Sequence[bytes] = (), head: Head | None = None
    ) -> None:
        keys = list(published)
        self._keys = KeyChain(keys, trusted)
        self._published = {key.id: key.public_key for key in keys}
        self._used: dict[str, list[int]] = {key.id: [] for key in keys}
        self._head, self._met_head = head, False
        self.last: Seal | None = None

    def take(self, seal: Seal) -> Iterator[tuple[str, str]]:
        """The next seal. One that was not replaced by the key of a later seal signs no more."""
        before, self.last = self.last, seal
        public = self._keys.accepted.get(seal.key_id) or self._published.get(seal.key_id)
        for problem in link_problems(seal, before, public):
            yield f"seal {seal.n}", problem
        if before and not self._keys.follows(seal.key_id, before.key_id):
            yield f"seal {seal.n}", f"the key {seal.key_id} did not take the place of {before.key_id}"
        self._used[seal.key_id] = [*self._used.get(seal.key_id, [])[:1], seal.n]
        if self._head and self._head[0] == seal.n:
            self._met_head = True
            if self._head[1] != seal.digest():
                yield f"seal {seal.n}", f"the hash that was written down is {self._head[1].hex()}"

    def finish(self) -> Iterator[tuple[str, str]]:
        """What only the end shows: keys that nobody trusted endorsed, keys under a foreign name, a head never met."""
        for name, seals in self._used.items():
            if name not in self._keys.accepted:
                signed = f"; it signed seals {seals[0]} to {seals[-1]}" if seals else ""
                yield f"key {name}", f"no trusted key is or endorsed it{signed}"
        for name, public in self._published.items():
            if name != key_id(public):
                yield f"key {name}", f"its public key is that of {key_id(public)}"
        if self._head and not self._met_head:
            yield f"seal {self._head[0]}", "it is missing, and was written down as the head"
