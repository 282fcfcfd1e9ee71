"""Proofs: sealing what was posted while a writer goes on, and the whole verification as a process of its own."""

import multiprocessing
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Engine

from bench.books import CREATOR, LINE, PART, TODAY, open_books, post_part, settle_down
from bench.crew import Step, results, together
from bench.ground import app_engine, environ_of, fresh_database, raw, say, temporary_home
from bench.ledger_single import post_each, post_ours
from bench.peak import peak
from bench.row import Row, Watch, millis, rate
from core.clock import now
from ledger.keyring import signer_of
from ledger.seal import seal_all

SEAL_KEY = "5e" * 32
# A thousand a transaction: the line's row keeps a version of every entry until it ends.
SLICES = PART // 1_000
_TWO = """
    SELECT ledger_post('two:' || code, 'bench.single', 'RUB', %(day)s, %(day)s, 'bench',
        ARRAY[account_id, (SELECT id FROM account WHERE code = %(line)s)], ARRAY[-1000000, 1000000])
    FROM due WHERE part = %(part)s AND account_id %% %(slices)s = %(slice)s"""
# What the accruals are for: matured rewards and their targets, so that the proofs across the books are in order. One
# program with one rule would have to stand for all of them; nothing that is measured asks for it.
_REWARDS = """
    INSERT INTO reward_target (rule_id, key, program, creator, day, occurred_at, original, uncapped, target, posted, clamped)
    SELECT 1, e.id || '/' || d.code, 'bench', split_part(d.code, ':', 3), e.booked_on, e.booked_on, d.amount, d.amount, d.amount, d.amount, false
    FROM entry e JOIN due d ON d.part = split_part(e.key, ':', 2)::integer WHERE e.kind = 'reward.accrue';
    INSERT INTO reward (target_id, creator, program, day, amount, currency, entry_id, matures_at, released_at, release_entry_id)
    SELECT id, creator, program, day, target, 'RUB', entry_id, now(), now(), entry_id
    FROM (SELECT *, split_part(key, '/', 1)::bigint AS entry_id FROM reward_target) t"""
_SEALED = """
    SELECT (SELECT sum(entries) FROM seal), (SELECT sum(postings) FROM seal),
        count(*), sum(posting_count), (SELECT sum(amount) FROM posting)
    FROM entry WHERE xid < (SELECT max(below_xid) FROM seal)"""

_PAIR = (LINE, CREATOR.format(number=1, pot="available"))


def measure(quick: bool) -> list[Row]:
    """Postings sealed a second, of both kinds of entries, a writer beside; then the verification of all of it."""
    accounts, rounds, singles = (PART, 5, 1) if quick else (10 * PART, 10, 5)
    with fresh_database() as url, raw(app_engine(url, role=None)) as cursor:
        parts = open_books(cursor, accounts, ["available"], Watch())
        cursor.execute("SET synchronous_commit = off")
        say("posting compound entries")
        for number, part in ((number, part) for number in range(rounds) for part in parts):
            post_part(cursor, Watch(), "post", part, f"round {number}")
        cursor.execute(_REWARDS)
        rows = [_seal_row(url, cursor, f"entries of {PART:,}")]
        say("posting entries of two")
        for part, number in ((part, number) for part in parts[:singles] for number in range(SLICES)):
            values = {"part": part, "slice": number, "slices": SLICES, "line": LINE, "day": TODAY}
            cursor.execute(_TWO, values)
            cursor.connection.commit()
        return [*rows, _seal_row(url, cursor, "entries of two"), _verify_row(url, cursor)]


def _seal_row(url: str, cursor: Any, what: str) -> Row:
    """Seal all that stands."""
    settle_down(cursor)
    cursor.execute("SELECT count(*) - coalesce((SELECT sum(postings) FROM seal), 0) FROM posting")
    there = int(cursor.fetchone()[0])
    cursor.connection.commit()
    say(f"sealing {there:,} postings")
    crew = together(2, partial(_client, url, what, there, multiprocessing.Event()))
    sealer = crew[1][0]
    beside, alone = results(crew[:1], "seal"), results(crew[:1], "alone")
    sealed = _prove(cursor)
    if not beside:
        raise RuntimeError("nothing was posted while the books were sealed")
    seconds = sealer.ended - sealer.began
    return Row(f"ledger: {there:,} postings sealed, {what}", rate(there, seconds), wanted=">= 300,000/s", parts=[
        (f"the longest of {len(beside):,} posts beside; of as many alone", f"{millis(max(beside))}; {millis(max(alone))}"),
        ("seals", str(sealer.result[0])),
        ("postings sealed, no entry twice or left out", f"{sealed:,}"),
    ])  # fmt: skip


def _client(url: str, what: str, there: int, done: Any, number: int) -> Iterator[Step]:
    """The second client seals. The first one posts until that is done, and afterwards as often again."""
    engine = app_engine(url)
    if number:
        yield "seal", partial(_seal, engine, there, done)
        yield "alone", list
        return
    post_each(partial(post_ours, engine), f"first {what}", [_PAIR])  # connects
    beside: list[float] = []
    yield "seal", partial(_post_until, engine, f"beside {what}", done, beside)
    yield "alone", partial(_post_times, engine, f"alone {what}", beside)


def _seal(engine: Engine, there: int, done: Any) -> list[int]:
    """Until as many postings are sealed as stood at the beginning: the writer goes on making more."""
    seals, sealed = 0, 0
    for seal in seal_all(engine, signer_of(bytes.fromhex(SEAL_KEY)), now):
        seals, sealed = seals + 1, sealed + seal.postings
        if sealed >= there:
            break
    done.set()
    return [seals]


def _post_until(engine: Engine, key: str, done: Any, seconds: list[float]) -> list[float]:
    while not done.is_set():
        seconds += post_each(partial(post_ours, engine), f"{key} {len(seconds)}", [_PAIR])
    return seconds


def _post_times(engine: Engine, key: str, beside: list[float]) -> list[float]:
    return post_each(partial(post_ours, engine), key, [_PAIR] * len(beside))


def _prove(cursor: Any) -> int:
    """Every entry below the last seal's end is in exactly one seal, and the books sum to zero."""
    cursor.execute(_SEALED)
    entries, postings, stored_entries, stored_postings, total = cursor.fetchone()
    cursor.connection.commit()
    if (entries, postings, total) != (stored_entries, stored_postings, 0):
        raise RuntimeError(f"{entries} entries are sealed of {stored_entries}")
    return int(postings)


def _verify_row(url: str, cursor: Any) -> Row:
    settle_down(cursor)
    cursor.execute("SELECT count(*) FROM posting")
    postings = int(cursor.fetchone()[0])
    cursor.connection.commit()
    say("verifying")
    with temporary_home() as home:
        environ = environ_of(url, KOPECK_SEAL_KEY=SEAL_KEY, KOPECK_HOME=str(home))
        seconds, held = peak([sys.executable, "-m", "kopeck", "ledger", "verify"], environ)
    name = f"ledger: verify {postings:,} postings, a process of its own"
    return Row(name, f"{seconds:,.1f} s, {held / 1e6:,.0f} MB", wanted="<= 10 s, 200 MB")
