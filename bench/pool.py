"""A pool of very many creators, split exactly to the micro, and what that takes apart."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, func, select, text

from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch
from core.database import transaction
from rewards.figures import figures
from rewards.lock import take_turn
from rewards.pool import fill, split_pools, weigh, write
from rewards.pool_period import Period
from rewards.pool_weigh import shares
from rewards.rules import active_rules

MONTH = Period(date(2026, 10, 1), date(2026, 10, 31))
NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
# Each creator has a content with tallies of three days. A fund of no money: a split owes, it does not pay.
_MARKET = """
    INSERT INTO creator (id, name) SELECT 'creator-' || n, 'Creator' FROM generate_series(1, %(creators)s) n;
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'content-' || n, 'creator-' || n, 'video', '2026-09-01' FROM generate_series(1, %(creators)s) n;
    INSERT INTO tally_content_day (content, day, views, qualified_views, watch_ms, completes, stale, unjudged)
        SELECT 'content-' || n, date '2026-10-05' + d, n %% 977 + 1, n %% 97, n %% 100000, n %% 7, false, false
        FROM generate_series(1, %(creators)s) n, generate_series(1, 3) d;
    INSERT INTO fund (id, name, currency, budget) VALUES ('main', 'Main', 'RUB', 1000000000000);
    INSERT INTO fund_line (fund, id, purpose, allocation, per, rollover) VALUES ('main', 'l', 'all', 1000000, 'once', true);
    INSERT INTO program (id, name, currency, fund, line, policy, hold_days, open)
        VALUES ('prog', 'Program', 'RUB', 'main', 'l', 'default', 14, 'all');
    INSERT INTO program_version (program, number, effective_from, state, drafted_by) VALUES ('prog', 1, '2026-10-01', 'draft', 'op');
    INSERT INTO rule (version_id, name, grain, pool, pool_per, weight)
        SELECT id, 'bonus', 'creator_month', 5000000000000, 'month', 'qualified_views + watch_hours * 2' FROM program_version;
    UPDATE program_version SET state = 'active', activated_at = now()"""
_PROVED = """
    SELECT s.keys, s.paid, count(*), sum(t.target), sum(t.weight) = s.weight
    FROM pool_split s JOIN reward_target t ON t.rule_id = s.rule_id GROUP BY s.keys, s.paid, s.weight"""


def measure(quick: bool) -> list[Row]:
    """The whole split as the job does it; then its steps once more, in a transaction that is rolled back."""
    return measure_of(20_000 if quick else 1_000_000)


def measure_of(creators: int) -> list[Row]:
    """So many of them."""
    watch = Watch()
    with fresh_database() as url:
        owner = app_engine(url, role=None)
        with raw(owner) as cursor:
            say(f"a market of {creators:,} creators")
            cursor.execute(_MARKET, {"creators": creators})
            cursor.connection.commit()
            cursor.connection.autocommit = True
            cursor.execute("VACUUM ANALYZE")
            cursor.connection.autocommit = False
        engine = app_engine(url)
        say("taking a split apart")
        _apart(engine, watch)
        with raw(owner) as cursor:
            cursor.connection.autocommit = True
            cursor.execute("VACUUM reward_target")
        say("splitting")
        with watch.lap("split"), transaction(engine) as session:
            split_pools(session, NOW, settings_of(url))
        _prove(owner, creators)
    seconds = watch.total("split")
    parts = [
        (name, f"{watch.total(name):,.1f} s") for name in ("due", "figures", "weigh", "split alone", "write")
    ]
    return [
        Row(f"pool: {creators:,} creators split exactly", f"{seconds:,.1f} s", wanted="<= 15 s", parts=parts)
    ]


def _apart(engine: Engine, watch: Watch) -> None:
    with transaction(engine) as session:
        take_turn(session, patient=True)
        (rule,) = active_rules(session)
        assert rule.pool is not None
        session.execute(text("SET LOCAL work_mem = '128MB'"))
        with watch.lap("due"):
            fill(session, rule, MONTH)
        with watch.lap("figures"):
            given = figures(rule.grain, rule.policy, rule.currency)
            session.execute(select(func.sum(given.c.qualified_views), func.sum(given.c.watch_hours)))
        with watch.lap("weigh"):
            weigh(session, rule, MONTH)
        with watch.lap("split alone"):
            part = shares(rule.pool.amount)
            session.execute(select(func.sum(part.c.share)))
        with watch.lap("write"):
            write(session, rule, MONTH)
        session.rollback()


def _prove(owner: Engine, creators: int) -> None:
    """A speed counts only if the work was done.

    Raises:
        RuntimeError: the shares are not the pool.
    """
    with owner.connect() as connection:
        found: Any = connection.execute(text(_PROVED)).one()
    if tuple(found) != (creators, 5 * 10**12, creators, 5 * 10**12, True):
        raise RuntimeError(f"not the whole pool: {found}")
