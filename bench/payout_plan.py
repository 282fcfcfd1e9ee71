"""A payout run of very many creators: planned and reserved as the job does it."""

import resource
import sys
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from bench.cpu import cpu_of
from bench.ground import SECRET_KEY, app_engine, fresh_database, raw, say
from bench.plain_payouts import write_plain
from bench.row import Row, Watch
from core.database import transaction
from core.secrets import vault_of
from payouts.draft import draft_chunk
from payouts.request import request_run

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
_MARKET = """
    INSERT INTO creator (id, name) SELECT 'c' || lpad(n::text, 7, '0'), 'Creator' FROM generate_series(1, %(creators)s) n;
    INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)
        SELECT id, (ARRAY['individual', 'self_employed', 'company'])[1 + row_number() OVER () %% 3], 'manual', %(sealed)s,
            'anna', true, 'vera' FROM creator;
    INSERT INTO withholding (tax_status, currency, valid_from, kind, bands, made_by)
        VALUES ('individual', 'RUB', '2026-01-01', 'ndfl', '[["2400000", "0.13"], ["5000000", "0.15"], [null, "0.18"]]', 'anna');
    SELECT count(*) FROM ledger_open(ARRAY(SELECT 'liabilities:creator:' || id || ':available' FROM creator), 'RUB');
    SELECT count(*) FROM ledger_open(ARRAY['equity:opening'], 'RUB')"""
_EARN = """
    SELECT entry_id FROM ledger_post('earned ' || %(first)s, 'opening', 'RUB', '2026-11-01', '2026-11-01', NULL,
        ARRAY(SELECT id FROM account WHERE code LIKE 'liabilities:creator:%%:available' AND id > %(first)s ORDER BY id LIMIT 10000)
            || (SELECT id FROM account WHERE code = 'equity:opening'),
        ARRAY(SELECT -12345678::bigint FROM generate_series(1, %(many)s)) || (12345678::bigint * %(many)s))"""
# 12.345678 leaves 12.34 to pay; of every third, an individual's, 1.60 is 2 rubles of tax.
_GROSS, _TAX = 12_340_000, 2_000_000


def measure(quick: bool) -> list[Row]:
    """100,000 creators."""
    return measure_of(10_000 if quick else 100_000)


def measure_full(quick: bool) -> list[Row]:
    """A million of them."""
    return measure_of(10_000 if quick else 1_000_000)


def measure_of(creators: int) -> list[Row]:
    """Seconds from asking to the draft, what the process held at most."""
    watch = Watch()
    with fresh_database() as url:
        owner = app_engine(url, role=None)
        say(f"{creators:,} creators with money")
        with raw(owner) as cursor:
            _fill(cursor, creators)
        engine = app_engine(url)
        say("planning and reserving")
        with cpu_of(engine) as cpu:
            _draft(engine, watch)
        _prove(owner, creators)
        say("the floor")
        floor = write_plain(owner, creators)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    laps = watch.laps["chunk"]
    return [
        Row(
            f"payouts: a run of {creators:,} planned and reserved",
            f"{watch.total('ask', 'chunk'):,.1f} s",
            f"{floor.total:,.1f} s cpu",
            floor.total / cpu.total,
            wanted=f"<= {60 * creators / 1_000_000:g} s",
            parts=[
                ("cpu, ours + the database's; the ratio is of these", str(cpu)),
                ("asking", f"{watch.total('ask'):,.2f} s"),
                ("a chunk, median; slowest", f"{watch.median('chunk'):,.2f} s; {max(laps):,.2f} s"),
                ("the process held at most (wanted: 300 MB)", f"{held / 1e6:,.0f} MB"),
            ],
        ),
    ]


def _fill(cursor: Any, creators: int) -> None:
    sealed = vault_of(bytes.fromhex(SECRET_KEY)).seal({"account": "40817810000000000001"})
    cursor.execute(_MARKET, {"creators": creators, "sealed": sealed})
    cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    cursor.execute("SELECT id FROM account WHERE code LIKE 'liabilities:%%' ORDER BY id")
    ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), 10_000):
        part = ids[start : start + 10_000]
        cursor.execute(_EARN, {"first": part[0] - 1, "many": len(part)})
    cursor.connection.commit()
    cursor.connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    cursor.connection.autocommit = False


def _draft(engine: Engine, watch: Watch) -> None:
    with watch.lap("ask"), transaction(engine) as session:
        request_run(
            session, currency="RUB", provider="manual", until=None, creators=None, person="anna", now=NOW
        )
    drafting = True
    while drafting:
        with watch.lap("chunk"), transaction(engine) as session:
            progress = draft_chunk(session, NOW)
        drafting = progress is not None and progress.run.state == "drafting"


def _prove(owner: Engine, creators: int) -> None:
    """A speed counts only if the work was done.

    Raises:
        RuntimeError: somebody's money was not reserved, or not the tax of it.
    """
    query = "SELECT count(*), sum(amount + tax), sum(tax) = count(*) FILTER (WHERE tax_kind = 'ndfl') * :tax FROM payout"
    with owner.connect() as connection:
        found = connection.execute(text(query), {"tax": _TAX}).one()
    if tuple(found) != (creators, creators * _GROSS, True):
        raise RuntimeError(f"not the whole run: {found}")
