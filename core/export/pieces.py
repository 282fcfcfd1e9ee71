"""Pieces of a size that a socket likes."""

from collections.abc import Iterable, Iterator

PIECE = 64 * 1024


def packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines, many of them in a piece."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= PIECE:
            yield from sliced(b"".join(held))
            held, size = [], 0
    yield from sliced(b"".join(held))


def encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """The same of text."""
    return packed(line.encode() for line in lines)


def sliced(data: bytes) -> Iterator[bytes]:
    """The same bytes in pieces."""
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]
