"""Bodies as a tired sender has them: some events were sent before, some are nonsense."""

REPEATED, SPOILED = 100, 50  # of 5,000: 2 % and 1 %
_BAD = (
    lambda line: line.replace(b'"viewer": "viewer-', b'"viewer": "viewer '),
    lambda line: line.replace(b'"occurred_at": "20', b'"occurred_at": "19'),
    lambda line: line.replace(b'"type": ', b'"typo": '),
    lambda line: line[:-20] + b"\n",
    lambda line: line.replace(b'"id": "', b'"id": "#'),
)


def spoil(bodies: list[bytes], ahead: int) -> list[bytes]:
    """The same bodies, in each of them some lines replaced: half of the repeats are lines of a body `ahead` of it, where
    there is one, the others of its own; the bad ones are bad in five ways.
    """
    whole = [body.splitlines(keepends=True) for body in bodies]
    return [b"".join(_spoiled(whole, number, ahead)) for number in range(len(whole))]


def _spoiled(whole: list[list[bytes]], number: int, ahead: int) -> list[bytes]:
    """Lines from 1,000 on are those that change, lines before it those that are sent again."""
    lines = list(whole[number])
    earlier = whole[number - ahead] if number >= ahead else lines
    step = (len(lines) - 1000) // (REPEATED + SPOILED)
    for n in range(REPEATED + SPOILED):
        at = 1000 + n * step
        if n % 3 == 2:
            lines[at] = _BAD[n // 3 % len(_BAD)](lines[at])
        else:
            lines[at] = (earlier if n % 3 else lines)[n]
    return lines
