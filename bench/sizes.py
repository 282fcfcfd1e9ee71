"""What the books take on disk, indexes and dead rows included."""

from dataclasses import dataclass
from typing import Any

from bench.row import Row

_SIZES = """
    SELECT (SELECT count(*) FROM posting), (SELECT count(*) FROM entry), (SELECT count(*) FROM balance),
        pg_total_relation_size('posting'), pg_total_relation_size('entry'), pg_total_relation_size('balance')"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows and bytes of the three tables."""

    postings: int
    entries: int
    accounts: int
    posting_bytes: int
    entry_bytes: int
    balance_bytes: int


def sizes(cursor: Any) -> Sizes:
    """As they stand."""
    cursor.execute(_SIZES)
    return Sizes(*cursor.fetchone())


def size_row(name: str, before: Sizes, after: Sizes) -> Row:
    """Bytes that each posting and each entry between the two cost, and what a balance takes now."""
    postings, entries = after.postings - before.postings, after.entries - before.entries
    posting = (after.posting_bytes - before.posting_bytes) / postings
    entry = (after.entry_bytes - before.entry_bytes) / entries
    return Row(f"ledger: bytes a posting, {name}", f"{posting:,.0f} B", wanted="< 200 B", parts=[
        ("an entry", f"{entry:,.0f} B"),
        ("a posting with its share of its entry", f"{posting + entry * entries / postings:,.0f} B"),
        ("an account's balance, after all runs", f"{after.balance_bytes / after.accounts:,.0f} B"),
    ])  # fmt: skip
