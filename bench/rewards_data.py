"""A market with figures of many contents and days, and a program that pays for them by a formula of 20 nodes."""

from datetime import date, datetime

from sqlalchemy import Engine

from bench.formula import FORMULA
from bench.ground import app_engine, raw, settings_of
from core.database import transaction
from core.money import Money
from rewards.activate import activate_version, approve_version
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line
from rewards.programs import NewProgram, create_program
from rewards.versions import draft_version

FIRST = date(2026, 8, 1)
RULE = {"name": "reach", "grain": "content_day", "amount": FORMULA}
MANY = Money.parse("1000000000.00", "RUB")
# Five contents a creator. Every content has views on every day, on every other day clicks, on every fiftieth a sale.
_MARKET = """
    INSERT INTO creator (id, name) SELECT 'creator-' || n, 'Creator' FROM generate_series(0, %(contents)s / 5) n;
    INSERT INTO seller (id, name) VALUES ('s', 'S');
    INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'P', 'home', 1, 'RUB');
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'content-' || n, 'creator-' || n / 5, CASE WHEN n %% 4 = 0 THEN 'image' ELSE 'video' END, '2026-07-01'
        FROM generate_series(0, %(contents)s - 1) n;
    INSERT INTO tally_content_day (content, day, views, qualified_views, watch_ms, completes, stale, unjudged)
        SELECT 'content-' || n, date %(first)s + d, (n * 7 + d) %% 977 + 1, n %% 97, n %% 100000, (n + d) %% 17, false, false
        FROM generate_series(0, %(contents)s - 1) n, generate_series(0, %(days)s - 1) d;
    INSERT INTO tally_product_day (content, product, day, clicks)
        SELECT 'content-' || n, 'p', date %(first)s + d, (n + d) %% 31 + 1
        FROM generate_series(0, %(contents)s - 1) n, generate_series(0, %(days)s - 1) d WHERE (n + d) %% 2 = 0;
    INSERT INTO purchase (event_id, order_ref, product, quantity, amount, currency, occurred_at, day, batch_id)
        SELECT 'o' || n || '-' || d, 'o' || n || '-' || d, 'p', 1, (n %% 5000 + 100) * 1000000::bigint, 'RUB',
            date %(first)s + d + interval '9 hours', date %(first)s + d, 1
        FROM generate_series(0, %(contents)s - 1) n, generate_series(0, %(days)s - 1) d WHERE (n + d) %% 50 = 0;
    INSERT INTO share (purchase_id, policy, content, creator, product, seller, category, kind, price, amount, units, orders,
            currency, occurred_at, day)
        SELECT id, 'default', 'content-' || split_part(substr(order_ref, 2), '-', 1),
            'creator-' || split_part(substr(order_ref, 2), '-', 1)::integer / 5, 'p', 's', 'home', 'video', amount, amount,
            1000000, 1000000, 'RUB', occurred_at, day
        FROM purchase"""


def market(url: str, contents: int, days: int) -> Engine:
    """Fill a fresh database; the owner's engine."""
    owner = app_engine(url, role=None)
    with raw(owner) as cursor:
        cursor.execute(_MARKET, {"contents": contents, "days": days, "first": FIRST})
        cursor.connection.commit()
        cursor.connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
        cursor.connection.autocommit = False
    return owner


def program(url: str, now: datetime) -> None:
    """Everyone earns from the first day on, out of a line that holds enough."""
    settings = settings_of(url)
    with transaction(app_engine(url)) as session:
        create_fund(session, "main", "Main", MANY)
        deposit_money(session, "main", MANY, None, "fin", now, settings)
        create_line(session, "main", "l", "all", MANY, "once", True, now, settings)
        create_program(
            session, NewProgram(id="prog", name="Program", currency="RUB", open="all", fund="main", line="l")
        )
        draft_version(session, "prog", FIRST, [RULE], "op")
        if activate_version(session, "prog", 1, "op", now, settings).state == "proposed":
            approve_version(session, "prog", 1, "another", now, settings)
