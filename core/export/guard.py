"""Text that no spreadsheet calculates."""

from collections.abc import Sequence

# What a spreadsheet takes for a formula, also where it trims or folds the text first; and the guard itself, so that
# taking away one apostrophe from the front gives every text back.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", "'")


_FIRST = frozenset(_FORMULA)


def guarded(cells: Sequence[str | None]) -> Sequence[str | None]:
    """A column of text cells: looked at as one, and one by one only if anything looks like a formula."""
    if _FIRST.isdisjoint(cell[0] for cell in cells if cell):
        return cells
    return [cell and guard(cell) for cell in cells]


def guard(text: str) -> str:
    """A text cell: an apostrophe stands in front of what looks like a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
