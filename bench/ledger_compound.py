"""Accrual in bulk: creators' rewards of one day from one fund line, in compound entries, through `ledger_post`.

Input is a table of creators' accounts and amounts, as the accrual job has it. Every creator is paid once by each
number of clients; all clients meet on the one line. Ours and the floor's laps take turns, and turns at going first.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from bench.books import PART, POST, open_books, post_part, settle_down
from bench.crew import Step, elapsed, results, together
from bench.ground import app_engine, fresh_database, raw, say
from bench.plain import PLAIN_PART, make_plain, prove_same
from bench.row import Row, Watch, millis, percentile, rate
from bench.sizes import size_row, sizes

CLIENTS = (1, 4, 8)
LAPS = 5
SIDES = (("ours", POST), ("plain", PLAIN_PART))


def measure(quick: bool) -> list[Row]:
    """Creators a second by the number of clients; then what the postings take on disk."""
    creators = 80_000 if quick else 1_000_000
    opening, done = Watch(), 0
    with fresh_database() as url, raw(app_engine(url, role=None)) as cursor:
        parts = open_books(cursor, creators, ["pending"], opening)
        make_plain(cursor)
        before, rows = sizes(cursor), []
        for clients in CLIENTS:
            settle_down(cursor)
            say(f"posting, {clients} at a time")
            rows.append(_accrue(url, clients, parts, creators))
            done += len(parts)
            prove_same(cursor, done, done * (PART + 1))
        rows[0].parts.append(("accounts opened beforehand", rate(creators, opening.total("open"))))
        return [*rows, size_row(f"entries of {PART:,}", before, sizes(cursor))]


def _accrue(url: str, clients: int, parts: Sequence[int], creators: int) -> Row:
    def client(number: int) -> Iterator[Step]:
        with raw(app_engine(url, role=None)) as cursor:
            for lap in range(LAPS):
                mine = parts[lap::LAPS][number::clients]
                for name, statement in SIDES[:: 1 - 2 * (lap % 2)]:
                    yield name, partial(_post, cursor, f"bench:{clients}", mine, statement)

    crew = together(clients, client)
    watch, ours, plain = elapsed(crew), results(crew, "ours"), results(crew, "plain")
    name = f"ledger: {creators:,} creators accrued, entries of {PART:,}, by {clients}"
    posting, floor = watch.total("ours"), watch.total("plain")
    return Row(name, rate(creators, posting), rate(creators, floor), floor / posting, ">= 150,000/s, 0.6 x", [
        ("an entry, median; the fastest", f"{millis(percentile(ours, 0.5))}; {millis(min(ours))}"),
        ("a plain one, median; the fastest", f"{millis(percentile(plain, 0.5))}; {millis(min(plain))}"),
    ])  # fmt: skip


def _post(cursor: object, key: str, parts: Sequence[int], statement: str) -> list[float]:
    """Seconds of each entry, its commit included."""
    watch = Watch()
    for part in parts:
        post_part(cursor, watch, "post", part, key, statement)
    return [sum(pair) for pair in zip(*watch.laps.values(), strict=True)]
