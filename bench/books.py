"""Books filled through `ledger_open` and `ledger_post`: many creators' accounts and one fund line that pays them.

The table `due` is the input: for each account its code, its id, the amount, and the entry (`part`) it falls into.
"""

from collections.abc import Sequence
from typing import Any

from bench.ground import say
from bench.row import Watch

PART = 10_000
LINE = "liabilities:fund:bench:line:accrual"
BANK = "assets:bank:manual:RUB"

_DUE = """
    CREATE TABLE due (part integer, code text COLLATE "C", account_id bigint, amount bigint NOT NULL);
    INSERT INTO due (part, code, amount)
        SELECT n / %(part)s, 'liabilities:creator:creator-' || lpad((n / %(size)s)::text, 7, '0') || ':'
            || (%(pots)s)[1 + n %% %(size)s], 1000000 + n %% 977
        FROM generate_series(0, %(accounts)s - 1) AS n;
    CREATE INDEX ON due (part)"""
_OPEN = """
    WITH opened AS (
        SELECT o.* FROM (SELECT array_agg(code) AS codes FROM due WHERE part = %(part)s) d, ledger_open(d.codes, 'RUB') o)
    UPDATE due SET account_id = o.account_id FROM opened o WHERE due.part = %(part)s AND due.code = o.code"""
_FILL = """
    SELECT ledger_post('fill', 'fund.deposit', 'RUB', current_date, current_date, NULL,
        array_agg(account_id ORDER BY code), ARRAY[10::bigint ^ 17, -(10::bigint ^ 17)]::bigint[])
    FROM ledger_open(ARRAY[%s, %s], 'RUB')"""
LEGS = """
        SELECT account_id, -amount AS amount FROM due WHERE part = %(part)s
        UNION ALL
        SELECT (SELECT id FROM account WHERE code = %(line)s), sum(amount)::bigint FROM due WHERE part = %(part)s"""
POST = f"""
    SELECT ledger_post(%(key)s, 'reward.accrue', 'RUB', current_date, current_date, 'bench',
        array_agg(account_id ORDER BY account_id), array_agg(amount ORDER BY account_id))
    FROM ({LEGS}) legs"""


def open_books(cursor: Any, accounts: int, pots: Sequence[str], watch: Watch) -> range:
    """Open so many accounts, `pots` of each creator, and fill the line. The parts that can be posted."""
    cursor.execute(_DUE, {"part": PART, "accounts": accounts, "pots": list(pots), "size": len(pots)})
    cursor.execute(_FILL, (BANK, LINE))
    cursor.connection.commit()
    cursor.execute("ANALYZE due")
    say(f"opening {accounts:,} accounts")
    for part in range(accounts // PART):
        with watch.lap("open"):
            cursor.execute(_OPEN, {"part": part})
            cursor.connection.commit()
    return range(accounts // PART)


def settle_down(cursor: Any) -> None:
    """As autovacuum would have done by now."""
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False


def post_part(cursor: Any, watch: Watch, name: str, part: int, key: str, statement: str = POST) -> None:
    """One entry in one transaction."""
    with watch.lap(name):
        cursor.execute(statement, {"key": f"{key}:{part}", "part": part, "line": LINE})
    with watch.lap(f"{name} commit"):
        cursor.connection.commit()
