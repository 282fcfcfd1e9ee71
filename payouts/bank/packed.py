"""A file that is packed and hashed while it is written, and given out a piece at a time."""

import hashlib
import zlib
from collections.abc import Iterator

_LEVEL = 3  # files of payments shrink by nine tenths at any level
_GZIP = 31
_PIECE = 64 * 1024


class Packed:
    """A sink for a file's bytes; a file of 50 MB never stands in memory whole."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._hash = hashlib.sha256()
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        if part := self._packer.compress(data):
            self._parts.append(part)

    def sha256(self) -> bytes:
        return self._hash.digest()

    def content(self) -> bytes:
        """All that was written, packed; nothing can be written afterwards."""
        self._parts.append(self._packer.flush())
        return b"".join(self._parts)


def unpacked(content: bytes) -> Iterator[bytes]:
    """The pieces of a packed file."""
    unpacker = zlib.decompressobj(_GZIP)
    left = content
    while left and (piece := unpacker.decompress(left, _PIECE)):
        yield piece
        left = unpacker.unconsumed_tail
    if rest := unpacker.flush():
        yield rest
