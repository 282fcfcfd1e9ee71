"""Text that stays on its line."""


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
