"""Merkle trees as RFC 6962 (section 2.1) hashes them: 0x00 before a leaf's bytes, 0x01 before two nodes.

Pure: no database, no clock. The tree of n leaves is built level by level; a node without a neighbour rises as it is,
which gives the same root as the RFC's split at the largest power of two.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash above two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return paired + ([level[-1]] if len(level) % 2 else [])


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; `EMPTY_ROOT` over none."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY_ROOT


class RisingRoot:
    """The root over leaves that come one by one: it keeps the roots of full subtrees, one for each bit of the count."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take the next leaf's hash."""
        size, self.size = self.size, self.size + 1
        while size % 2:
            leaf, size = node_hash(self._full.pop(), leaf), size // 2
        self._full.append(leaf)

    def root(self) -> bytes:
        """The root over those that came so far."""
        if not self._full:
            return EMPTY_ROOT
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root


@dataclass(frozen=True, slots=True)
class Proof:
    """That the leaf at `index` is among `size` leaves: the neighbours' hashes from the leaf to the root."""

    index: int
    size: int
    path: tuple[bytes, ...]

    def root_for(self, leaf: bytes) -> bytes:
        """The root that the proof leads to from this leaf hash (RFC 9162, section 2.1.3.2).

        Raises:
            ValueError: the path has not the length that index and size ask for.
        """
        index, last, found = self.index, self.size - 1, leaf
        if not 0 <= index <= last:
            raise ValueError("no such leaf")
        for neighbour in self.path:
            if last == 0:
                raise ValueError("the path is too long")
            if index % 2 or index == last:
                found = node_hash(neighbour, found)
                while index and not index % 2:
                    index, last = index // 2, last // 2
            else:
                found = node_hash(found, neighbour)
            index, last = index // 2, last // 2
        if last:
            raise ValueError("the path is too short")
        return found


def prove(leaves: Sequence[bytes], index: int) -> Proof:
    """The inclusion proof of one leaf.

    Raises:
        IndexError: no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    level, at, path = list(leaves), index, []
    while len(level) > 1:
        neighbour = at ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        level, at = _above(level), at // 2
    return Proof(index, len(leaves), tuple(path))
