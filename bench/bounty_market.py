"""A market with bounties, for their measures: written by SQL, with the entries that they would have had."""

from datetime import datetime
from typing import Any

from core.ids import public_id

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
SLOTS = 100
PRICE, FEE = 500_000_000, 25_000_000
MARKET = """
    INSERT INTO seller (id, name) SELECT 's' || n, 'Shop' FROM generate_series(0, 199) n;
    INSERT INTO product (id, seller, title, category, price, currency)
        SELECT 'p' || n, 's' || n, 'Kettle', 'category ' || n %% 40, 1000000, 'RUB' FROM generate_series(0, 199) n;
    INSERT INTO creator (id, name, region) SELECT 'c' || n, 'Creator', 'RU-MOW' FROM generate_series(1, %(creators)s) n;
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'k' || n, 'c' || n, 'video', %(now)s FROM generate_series(1, %(creators)s) n;
    INSERT INTO product_tag (content, product, tagged_from)
        SELECT 'k' || n, 'p' || n %% 200, %(now)s FROM generate_series(1, %(creators)s) n"""
BOUNTIES = """
    INSERT INTO bounty (seller, product, category, title, brief, currency, price, slots, deadline, regions, invited, categories,
            fee, state, opened_at, created_at, updated_at)
        SELECT 's' || n %% 200, 'p' || n %% 200, 'category ' || n %% 40, 'A video', repeat('what to show ', 20),
            (ARRAY['RUB', 'RUB', 'RUB', 'KZT'])[1 + n %% 4], %(price)s::bigint * (1 + n %% 20), %(slots)s,
            CAST(%(now)s AS timestamptz) + make_interval(days => 1 + n %% 300),
            CASE n %% 3 WHEN 0 THEN ARRAY['RU-SPE'] END, CASE n %% 5 WHEN 0 THEN ARRAY['c5', 'c7'] END,
            CASE n %% 7 WHEN 0 THEN ARRAY['category 1', 'category 2'] END, %(fee)s, 'open', %(now)s, %(now)s, %(now)s
        FROM generate_series(1, %(many)s) n"""
# So many open bounties of one price; every second one closed, with the money of its claims in escrow, by entries.
_CLAIMS = """
    INSERT INTO bounty (seller, product, category, title, brief, currency, price, slots, taken, deadline, fee, state, funded,
            opened_at, created_at, updated_at)
        SELECT 's' || n %% 200, 'p' || n %% 200, 'home', 'A video', 'Show it', 'RUB', %(price)s, %(slots)s, %(slots)s,
            CAST(%(now)s AS timestamptz) + interval '9 days', %(fee)s, CASE n %% 2 WHEN 0 THEN 'open' ELSE 'closed' END,
            %(slots)s * (%(price)s::bigint + %(fee)s), %(now)s, %(now)s, %(now)s
        FROM generate_series(1, %(many)s) n;
    INSERT INTO claim (bounty_id, creator, state, due_at, content, created_at, updated_at)
        SELECT b.id, 'c' || n, %(state)s, %(now)s, CASE %(state)s WHEN 'submitted' THEN 'k' || n END, %(now)s, %(now)s
        FROM bounty b, generate_series(1, %(slots)s) n WHERE b.escrow IS NULL"""
_ESCROW = "UPDATE bounty SET escrow = %(code)s WHERE id = %(id)s"
_FUND = """
    SELECT entry_id FROM ledger_post('funded ' || %(key)s, 'bounty.fund', 'RUB', '2026-11-01', '2026-11-01', NULL,
        ARRAY(SELECT account_id FROM ledger_open(%(codes)s, 'RUB')) || ARRAY(SELECT account_id FROM ledger_open(ARRAY['equity:opening'], 'RUB')),
        ARRAY(SELECT -(%(each)s)::bigint FROM unnest(%(codes)s::text[])) || (%(each)s * cardinality(%(codes)s))::bigint)"""


def claimed(cursor: Any, many: int, state: str) -> None:
    """So many full bounties, all their claims in this state and due now."""
    cursor.execute(MARKET, {"creators": 1000, "now": NOW})
    given = {"many": many, "price": PRICE, "fee": FEE, "slots": SLOTS, "now": NOW, "state": state}
    cursor.execute(_CLAIMS, given)
    cursor.execute("SELECT id, created_at FROM bounty ORDER BY id")
    codes = [(row[0], f"liabilities:bounty:{public_id('bty', *row)}:escrow") for row in cursor.fetchall()]
    cursor.executemany(_ESCROW, [{"id": id, "code": code} for id, code in codes])
    cursor.execute(_FUND, {"key": state, "codes": [code for _, code in codes], "each": SLOTS * (PRICE + FEE)})
    analyzed(cursor)


def analyzed(cursor: Any) -> None:
    """Commit, and let the planner know what is there."""
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False
