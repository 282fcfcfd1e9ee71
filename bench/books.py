"""Books filled through `ledger_open` and `ledger_post`: many creators' accounts and one fund line that pays them.

The table `due` is the input: for each account its code, its id, the amount, and the entry (`part`) it falls into.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from bench.ground import say
from bench.row import Watch
from core.clock import now

PART = 10_000
TODAY = now().date()
LINE = "liabilities:fund:bench:line:accrual"
BANK = "assets:bank:manual:RUB"
CREATOR = "liabilities:creator:creator-{number:07d}:{pot}"

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
    SELECT ledger_post('fill', 'fund.deposit', 'RUB', %(day)s, %(day)s, NULL,
        array_agg(account_id ORDER BY code), ARRAY[10::bigint ^ 17, -(10::bigint ^ 17)]::bigint[])
    FROM ledger_open(ARRAY[%(bank)s, %(line)s], 'RUB')"""
# `due` is read once: the creators' part of the arrays, and their sum for the line at the end.
LEGS = """
        SELECT array_agg(account_id) || (SELECT id FROM account WHERE code = %(line)s) AS accounts,
            array_agg(-amount) || sum(amount)::bigint AS amounts
        FROM due WHERE part = %(part)s"""
POST = f"""
    SELECT p.* FROM ({LEGS}) d,
        ledger_post(%(key)s, 'reward.accrue', 'RUB', %(day)s, %(day)s, 'bench', d.accounts, d.amounts) p"""


def open_books(
    cursor: Any,
    accounts: int,
    pots: Sequence[str],
    watch: Watch,
    part: int = PART,
    day: date | None = None,
) -> range:
    """Open so many accounts, `pots` of each creator, and fill the line. The parts that can be posted.

    `part`: how many accounts an entry takes. `day`: when the line is filled; today.
    """
    cursor.execute(_DUE, {"part": part, "accounts": accounts, "pots": list(pots), "size": len(pots)})
    cursor.execute(_FILL, {"bank": BANK, "line": LINE, "day": day or TODAY})
    cursor.connection.commit()
    cursor.execute("ANALYZE due")
    say(f"opening {accounts:,} accounts")
    for number in range(accounts // part):
        with watch.lap("open"):
            cursor.execute(_OPEN, {"part": number})
            cursor.connection.commit()
    return range(accounts // part)


def settle_down(cursor: Any) -> None:
    """As autovacuum would have done by now."""
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False


def post_part(
    cursor: Any,
    watch: Watch,
    name: str,
    part: int,
    key: str,
    statement: str = POST,
    day: date | None = None,
) -> None:
    """One entry in one transaction."""
    values = {"key": f"{key}:{part}", "part": part, "line": LINE, "day": day or TODAY}
    with watch.lap(name):
        cursor.execute(statement, values)
    with watch.lap(f"{name} commit"):
        cursor.connection.commit()
