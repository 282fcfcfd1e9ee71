"""The exact bytes of what is hashed and signed; docs/seals.md says the same in words.

Pure. A text (or raw bytes) is its length as 4 bytes and then itself, in UTF-8; a number is 8 bytes with sign; both big
endian. `ledger/sql/leaves.sql` makes an entry's bytes inside the database; `entry_bytes` is the second opinion.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from core.ids import public_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = date(1970, 1, 1).toordinal()
_MICRO = timedelta(microseconds=1)

Posting = tuple[str, int, int, int]  # account code, version, amount, balance


def blob(value: bytes) -> bytes:
    """Bytes behind their length."""
    return len(value).to_bytes(4, "big") + value


def words(value: str) -> bytes:
    """A text."""
    return blob(value.encode())


def number(value: int) -> bytes:
    """A number of 64 bits."""
    return value.to_bytes(8, "big", signed=True)


def maybe(value: bytes | None) -> bytes:
    """What may be missing: 0, or 1 and the encoded value."""
    return b"\x00" if value is None else b"\x01" + value


def micros_of(moment: datetime) -> int:
    """Micros since 1970, exactly."""
    return (moment - _EPOCH) // _MICRO


def moment_of(micros: int) -> datetime:
    """The other way round."""
    return _EPOCH + timedelta(microseconds=micros)


def name_of(id: int, recorded_at: datetime) -> str:
    """The entry's public id; the bare number where somebody forged one that has none."""
    try:
        return public_id("ent", id, recorded_at)
    except ValueError:
        return str(id)


def entry_bytes(
    *,
    id: int,
    key: str,
    kind: str,
    currency: str,
    effective_on: date,
    booked_on: date,
    recorded_at: int,
    note: str | None,
    corrects: int | None,
    postings: Iterable[Posting],
) -> bytes:
    """An entry with its postings, whatever order they come in. `recorded_at`: micros since 1970."""
    lines = sorted(postings, key=lambda line: (line[0].encode(), line[1]))
    head = (
        words("kopeck.entry.1"),
        number(id),
        words(key),
        words(kind),
        words(currency),
        number(effective_on.toordinal() - _DAY),
        number(booked_on.toordinal() - _DAY),
        number(recorded_at),
        maybe(None if note is None else words(note)),
        maybe(None if corrects is None else number(corrects)),
        number(len(lines)),
    )
    return b"".join(head) + b"".join(
        words(code) + number(version) + number(amount) + number(balance)
        for code, version, amount, balance in lines
    )
