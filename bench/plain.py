"""The floor of the ledger's measures: the same writes by plain SQL, to the same kinds of tables and indexes.

No trigger, no floor of an account, no fingerprint, no key looked up, no order of locks: what a ledger costs that
believes whatever it is told.
"""

from typing import Any

from bench.books import LEGS

_TABLES = """
    CREATE TABLE plain_entry (LIKE entry INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES);
    CREATE TABLE plain_posting (LIKE posting INCLUDING INDEXES);
    CREATE TABLE plain_balance (LIKE balance INCLUDING INDEXES) WITH (fillfactor = 50);
    INSERT INTO plain_balance SELECT * FROM balance"""
_PLAIN = """
    WITH d AS ({legs}
    ), e AS (
        INSERT INTO plain_entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count, xid)
        SELECT %(key)s, decode(repeat('00', 32), 'hex'), 'reward.accrue', 'RUB', %(day)s, %(day)s, 'bench',
            cardinality(accounts), pg_current_xact_id()::text::bigint FROM d RETURNING id
    ), moved AS (
        UPDATE plain_balance b SET balance = b.balance + leg.amount, version = b.version + 1,
            latest_on = greatest(b.latest_on, %(day)s)
        FROM d, unnest(d.accounts, d.amounts) AS leg (account_id, amount) WHERE b.account_id = leg.account_id
        RETURNING b.account_id, b.version, b.balance, b.latest_on, leg.amount
    )
    INSERT INTO plain_posting (account_id, version, entry_id, amount, balance, booked_on, latest_on)
    SELECT account_id, version, e.id, amount, balance, %(day)s, latest_on FROM moved, e"""
PLAIN_PART = _PLAIN.format(legs=LEGS)
PLAIN = _PLAIN.format(legs="SELECT %(accounts)s::bigint[] AS accounts, %(amounts)s::bigint[] AS amounts")
_WROTE = """
    SELECT count(*), sum(posting_count), (SELECT (count(*), sum(amount))::text FROM posting p
        WHERE p.entry_id IN (SELECT id FROM entry WHERE key LIKE 'bench:%')) FROM entry WHERE key LIKE 'bench:%'
    UNION ALL
    SELECT count(*), sum(posting_count), (SELECT (count(*), sum(amount))::text FROM plain_posting) FROM plain_entry"""


def make_plain(cursor: Any) -> None:
    """Copies of the books' tables with their indexes, holding the balances as they stand."""
    cursor.execute(_TABLES)
    cursor.connection.commit()


def prove_same(cursor: Any, entries: int, postings: int) -> None:
    """A speed counts only if the work was done: both sides wrote so much, and it sums to zero.

    Raises:
        RuntimeError: they did not.
    """
    cursor.execute(_WROTE)
    if cursor.fetchall() != 2 * [(entries, postings, f"({postings},0)")]:
        raise RuntimeError("the books do not hold what was posted")
