"""Two persons are two names: what one began, another one confirms."""

import unicodedata


def same_person(one: str | None, other: str | None) -> bool:
    """Do two names stand for one person? Case, spaces and signs that nobody sees make no other person; nobody is
    nobody's equal."""
    return one is not None and other is not None and _plain(one) == _plain(other)


def _plain(name: str) -> str:
    seen = "".join(
        sign for sign in unicodedata.normalize("NFKC", name) if sign.isprintable() or sign.isspace()
    )
    return " ".join(seen.split()).casefold()
