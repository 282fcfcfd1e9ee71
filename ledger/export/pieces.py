"""Text that stays on its line, and pieces of a size that a socket likes."""

from collections.abc import Iterable, Iterator

PIECE = 64 * 1024


def shown(text: str, also: str = "") -> str:
    r"""Text in one line that shows all it holds: what is not printable (line ends, tabs, direction marks, joiners) is
    escaped as in Python's strings (`\n`, `\u202e`), and so are backslashes, outer spaces and the characters of `also`.
    """
    if text.isprintable() and text.strip(" ") == text and not any(char in text for char in "\\" + also):
        return text
    inner = len(text.rstrip(" "))
    outer = len(text) - len(text.lstrip(" "))
    return "".join(
        _escaped(char) if char in also or not outer <= at < inner else _plain(char)
        for at, char in enumerate(text)
    )


def _escaped(char: str) -> str:
    return f"\\x{ord(char):02x}"


def _plain(char: str) -> str:
    if char.isprintable() and char != "\\":
        return char
    return char.encode("unicode_escape").decode("ascii")


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
