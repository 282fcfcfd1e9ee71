"""The floor of a payout run: the same rows, unchecked, into copies of the tables with the same indexes.

Nobody is asked whether he can be paid, no tax is reckoned, no account is looked for, no sum is compared: a statement for
each 10,000 payouts that reads what the run has written and writes it once more.
"""

from sqlalchemy import Engine

from bench.cpu import Cpu, cpu_of
from bench.ground import raw
from payouts.draft import CHUNK

_TABLES = """
    CREATE TABLE plain_account (LIKE account INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES);
    CREATE TABLE plain_entry (LIKE entry INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES);
    CREATE TABLE plain_posting (LIKE posting INCLUDING INDEXES);
    CREATE TABLE plain_balance (LIKE balance INCLUDING INDEXES) WITH (fillfactor = 50);
    CREATE TABLE plain_payout (LIKE payout INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES);
    INSERT INTO plain_balance SELECT b.* FROM balance b JOIN account a ON a.id = b.account_id WHERE a.code LIKE '%:available';
    VACUUM ANALYZE"""
_WRITE = """
    WITH p AS MATERIALIZED (
        SELECT u.*, a.id AS account_id FROM payout u
        JOIN account a ON a.code = 'liabilities:creator:' || u.creator || ':available' AND a.currency = u.currency
        WHERE u.id > %(first)s AND u.id <= %(first)s + %(size)s
    ), e AS (
        INSERT INTO plain_entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count, xid)
        SELECT 'run ' || %(first)s, '', 'payout.reserve', 'RUB', '2026-11-20', '2026-11-20', 'bench', 2 * %(size)s, 1
        RETURNING id
    ), opened AS (
        INSERT INTO plain_account (code, currency, normal, floor)
        SELECT 'liabilities:creator:' || creator || ':in_transit', currency, -1, 0 FROM p RETURNING id
    ), reserved AS (
        INSERT INTO plain_balance (account_id, balance, version, normal, floor, latest_on)
        SELECT id + 1000000000, -12340000, 1, -1, 0, '2026-11-20' FROM opened RETURNING account_id, version, balance, latest_on
    ), moved AS (
        UPDATE plain_balance b SET balance = b.balance + p.amount + p.tax, version = b.version + 1, latest_on = '2026-11-20'
        FROM p WHERE b.account_id = p.account_id RETURNING b.account_id, b.version, b.balance, b.latest_on
    ), posted AS (
        INSERT INTO plain_posting (account_id, version, entry_id, amount, balance, booked_on, latest_on)
        SELECT m.account_id, m.version, e.id, 12340000, m.balance, '2026-11-20', m.latest_on
        FROM (SELECT * FROM moved UNION ALL SELECT * FROM reserved) m, e
    )
    INSERT INTO plain_payout (run_id, creator, currency, amount, tax, tax_kind, tax_status, destination, verified_by, entry_id,
            created_at)
        SELECT run_id, creator, currency, amount, tax, tax_kind, tax_status, destination, verified_by, entry_id, created_at
        FROM p ORDER BY creator"""
_WROTE = """SELECT (SELECT count(*) FROM plain_payout), (SELECT count(*) FROM plain_posting),
    (SELECT count(*) FROM plain_account)"""


def write_plain(owner: Engine, payouts: int) -> Cpu:
    """What the processor had to do for the run's rows without the run.

    Raises:
        RuntimeError: they were not written.
    """
    with raw(owner) as cursor:
        cursor.connection.autocommit = True
        for statement in _TABLES.split(";\n"):
            cursor.execute(statement)
        with cpu_of(owner) as cpu:
            for first in range(0, payouts, CHUNK):
                cursor.execute(_WRITE, {"first": first, "size": CHUNK})
        cursor.execute(_WROTE)
        if (found := cursor.fetchone()) != (payouts, 2 * payouts, payouts):
            raise RuntimeError(f"the floor did not write the run: {found}")
    return cpu
