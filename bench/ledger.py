"""Accrual in bulk: creators' rewards of one day from one fund line, in compound entries, through `ledger_post`.

Input is a table of creators' accounts and amounts, as the accrual job has it. The floor makes the same writes to the
same kinds of tables and indexes by plain SQL that checks nothing: no trigger, no floor, no fingerprint.
"""

from typing import Any

from bench.books import LEGS, PART, open_books, post_part, settle_down
from bench.ground import app_engine, fresh_database, raw, say
from bench.row import Row, Watch, millis, rate

_PLAIN_TABLES = """
    CREATE TABLE plain_entry (LIKE entry INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES);
    CREATE TABLE plain_posting (LIKE posting INCLUDING INDEXES);
    CREATE TABLE plain_balance (LIKE balance INCLUDING INDEXES) WITH (fillfactor = 50);
    INSERT INTO plain_balance SELECT * FROM balance"""
_PLAIN = f"""
    WITH legs AS ({LEGS}
    ), e AS (
        INSERT INTO plain_entry (key, fingerprint, kind, currency, effective_on, booked_on, posting_count)
        VALUES (%(key)s, '', 'reward.accrue', 'RUB', current_date, current_date, 0) RETURNING id
    ), moved AS (
        UPDATE plain_balance b SET balance = b.balance + legs.amount, version = b.version + 1
        FROM legs WHERE b.account_id = legs.account_id
        RETURNING b.account_id, b.version, b.balance, legs.amount
    )
    INSERT INTO plain_posting (account_id, version, entry_id, amount, balance, booked_on)
    SELECT account_id, version, e.id, amount, balance, current_date FROM moved, e"""
_STORED = """
    SELECT count(*), sum(amount) FROM posting
    WHERE entry_id IN (SELECT id FROM entry WHERE key LIKE 'first:%')
    UNION
    SELECT count(*), sum(amount) FROM plain_posting"""


def measure(quick: bool) -> list[Row]:
    """Creators a second; each entry a transaction, the plain one right after ours, so that noise meets both."""
    creators = 50_000 if quick else 1_000_000
    watch = Watch()
    with fresh_database() as url, raw(app_engine(url, role=None)) as cursor:
        parts = open_books(cursor, creators, ["pending"], watch)
        cursor.execute(_PLAIN_TABLES)
        settle_down(cursor)
        say("posting")
        for part in parts:
            post_part(cursor, watch, "ours", part, "first")
            post_part(cursor, watch, "plain", part, "first", _PLAIN)
        _prove(cursor, creators)
        for part in parts[: max(len(parts) // 5, 1)]:
            post_part(cursor, watch, "again", part, "second")
    posting, plain = watch.total("ours", "ours commit"), watch.total("plain", "plain commit")
    name = f"ledger: {creators:,} creators accrued, entries of {PART:,}"
    return [
        Row(name, rate(creators, posting), rate(creators, plain), plain / posting, ">= 80,000/s, 0.6 x", [
            ("floor: the same writes by plain SQL, unchecked", ""),
            ("an entry, median", millis(watch.median("ours"))),
            ("the fastest", millis(min(watch.laps["ours"]))),
            ("a plain one, median", millis(watch.median("plain"))),
            ("the fastest", millis(min(watch.laps["plain"]))),
            ("commit of an entry", millis(watch.median("ours commit"))),
            ("an entry on accounts that moved before", millis(watch.median("again"))),
            ("accounts opened beforehand", rate(creators, watch.total("open"))),
        ])
    ]  # fmt: skip


def _prove(cursor: Any, creators: int) -> None:
    """A speed counts only if the work was done: both wrote the same number of postings, and they sum to zero."""
    cursor.execute(_STORED)
    if cursor.fetchall() != [(creators + creators // PART, 0)]:
        raise RuntimeError("the books do not hold what was posted")
