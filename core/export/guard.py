"""Text that no spreadsheet calculates."""

# What a spreadsheet takes for a formula, also where it trims or folds the text first; and the guard itself, so that
# taking away one apostrophe from the front gives every text back.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", "'")


def guard(text: str) -> str:
    """A text cell: an apostrophe stands in front of what looks like a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
