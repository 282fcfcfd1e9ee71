"""The lines of an export as what they stand for. Pure; a line that is none raises one of `DAMAGED`."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.canonical import Posting, entry_bytes, moment_of, name_of
from ledger.key_chain import PublishedKey
from ledger.merkle import leaf_hash
from ledger.seal_record import Seal

DAMAGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
_NUMBERS = ("n", "from_xid", "below_xid", "above_xid", "last_entry", "entries", "postings")
_HASHES = ("root", "previous", "hash", "signature")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry: its leaf made anew, and the one that the export says was sealed."""

    id: int
    name: str
    public: str
    seal: int | None
    leaf: bytes
    sealed_leaf: str | None
    currency: str
    postings: list[Posting]


def whole(value: object) -> int:
    """A whole number as such: no text, no fraction, no true."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


def read_key(line: dict[str, Any]) -> PublishedKey:
    endorsement = line["endorsement"] and bytes.fromhex(line["endorsement"])
    return PublishedKey(line["id"], bytes.fromhex(line["public_key"]), line["endorsed_by"], endorsement)


def read_seal(line: dict[str, Any]) -> Seal:
    numbers = {name: whole(line[name]) for name in _NUMBERS}
    hashes = {name: bytes.fromhex(line[name]) for name in _HASHES}
    sealed_at = moment_of(whole(line["sealed_at"]))
    seal = Seal(**numbers, **hashes, sealed_at=sealed_at, key_id=line["key_id"])  # type: ignore[arg-type]
    seal.digest()  # raises now, should a field have no canonical bytes
    return seal


def read_entry(line: dict[str, Any]) -> EntryLine:
    id, recorded_at = whole(line["id"]), whole(line["recorded_at"])
    postings = [
        (str(code), whole(version), whole(amount), whole(balance))
        for code, version, amount, balance in line["postings"]
    ]
    content = entry_bytes(
        id=id,
        key=line["key"],
        kind=line["kind"],
        currency=line["currency"],
        effective_on=date.fromisoformat(line["effective_on"]),
        booked_on=date.fromisoformat(line["booked_on"]),
        recorded_at=recorded_at,
        note=line["note"],
        corrects=line["corrects"],
        postings=postings,
    )
    name = name_of(id, moment_of(recorded_at))
    leaf = leaf_hash(content)
    return EntryLine(id, name, line["public"], line["seal"], leaf, line["leaf"], line["currency"], postings)
