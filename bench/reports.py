"""The payout report of very many rows as CSV and XLSX, and the first page of a large run as a finance person sees it."""

import resource
import sys
from datetime import date
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.keys import create_key
from bench.cpu import Cpu, cpu_of
from bench.ground import app_engine, fresh_database, raw, say, serving
from bench.paced import connected
from bench.row import Row, Watch, millis
from core.database import transaction
from core.export.formats import FORMATS
from core.ids import public_id
from ledger.export.snapshot import open_snapshot
from payouts.report import payout_report
from payouts.tables import payout_run

LOOKS = 20
SINCE, UNTIL = date(2026, 1, 1), date(2026, 12, 31)
_WANTED = {"csv": 20, "xlsx": 120}
_MARKET = """
    INSERT INTO creator (id, name) SELECT 'c' || lpad(n::text, 7, '0'), 'Автор ' || n FROM generate_series(1, %(size)s) n;
    INSERT INTO payout_run (currency, provider, state, drafted_by, payout_count, total, created_at)
        SELECT 'RUB', 'manual', CASE WHEN n < %(runs)s THEN 'done' ELSE 'draft' END, 'anna', %(size)s, 0,
            timestamptz '2026-01-15' + n * interval '1 month' FROM generate_series(1, %(runs)s) n;
    INSERT INTO payout (run_id, creator, currency, amount, tax, tax_kind, tax_status, state, destination, entry_id,
            created_at, reference, sent_at, settled_at, settled_by)
        SELECT r.id, c.id, 'RUB', 10340000 + r.id * 10000, 2000000, 'ndfl', 'individual',
            CASE r.state WHEN 'done' THEN 'paid' ELSE 'reserved' END, decode(repeat('5a', 150), 'hex'), 1, r.created_at,
            CASE r.state WHEN 'done' THEN 'pp-' || r.id END, CASE r.state WHEN 'done' THEN r.created_at END,
            CASE r.state WHEN 'done' THEN r.created_at END, CASE r.state WHEN 'done' THEN 'boris' END
        FROM payout_run r, creator c ORDER BY r.id, c.id"""
_FLOOR = """
    COPY (SELECT u.id, u.run_id, u.creator, c.name, r.provider, u.state, u.currency, u.amount + u.tax, u.tax, u.tax_kind,
        u.amount, u.reversed, u.reference, u.created_at, u.sent_at, u.settled_at
        FROM payout u JOIN payout_run r ON r.id = u.run_id JOIN creator c ON c.id = u.creator ORDER BY u.id)
    TO STDOUT WITH CSV"""


class _Nowhere:
    """A file that counts what is written to it."""

    def __init__(self) -> None:
        self.lines = 0

    def write(self, data: bytes) -> int:
        self.lines += data.count(b"\n")
        return len(data)


def measure(quick: bool) -> list[Row]:
    """200,000 payouts in two runs."""
    return _measure(2, 10_000 if quick else 100_000)


def measure_full(quick: bool) -> list[Row]:
    """A million in ten."""
    return _measure(10, 2_000 if quick else 100_000)


def _measure(runs: int, size: int) -> list[Row]:
    watch, count = Watch(), runs * size
    with fresh_database() as url:
        owner, engine = app_engine(url, role=None), app_engine(url)
        say(f"{count:,} payouts")
        with raw(owner) as cursor:
            cursor.execute(_MARKET, {"size": size, "runs": runs})
            cursor.connection.commit()
            cursor.connection.autocommit = True
            cursor.execute("VACUUM ANALYZE")
        rows = [_report(engine, name, count, watch) for name in _WANTED]
        say("the floor")
        floor = _floor(owner, count)
        for row, cpu in rows:
            row.floor, row.ratio = f"{floor.total:,.1f} s cpu", floor.total / cpu.total
        return [*(row for row, _ in rows), _page(url, owner, size, watch)]


def _report(engine: Engine, name: str, count: int, watch: Watch) -> tuple[Row, Cpu]:
    """The whole file, given to nobody."""
    say(name)
    with cpu_of(engine) as cpu, watch.lap(name), Session(engine) as session:
        open_snapshot(session)
        pieces = FORMATS[name].write(payout_report(session, SINCE, UNTIL))
        sizes = [(len(piece), piece.count(b"\n")) for piece in pieces]
    if name == "csv" and sum(lines for _, lines in sizes) != count + 1:
        raise RuntimeError("the report does not hold every payout")
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    parts = [
        ("cpu, ours + the database's; the ratio is of these", str(cpu)),
        ("the file", f"{sum(size for size, _ in sizes) / 1e6:,.0f} MB"),
        ("the process held at most (wanted: 150 MB)", f"{held / 1e6:,.0f} MB"),
    ]
    wanted = f"<= {_WANTED[name] * count / 1_000_000:g} s"
    row = Row(
        f"report: {count:,} payouts as {name}", f"{watch.total(name):,.1f} s", wanted=wanted, parts=parts
    )
    return row, cpu


def _floor(owner: Engine, count: int) -> Cpu:
    """The same rows as PostgreSQL itself writes them, without ids and amounts as people read them."""
    nowhere: Any = _Nowhere()
    with cpu_of(owner) as cpu, raw(owner) as cursor:
        cursor.copy_expert(_FLOOR, nowhere)
    if nowhere.lines != count:
        raise RuntimeError("the floor does not hold every payout")
    return cpu


def _page(url: str, owner: Engine, size: int, watch: Watch) -> Row:
    with transaction(owner) as session:
        key = create_key(session, "finance", "Bench")
        newest = session.execute(payout_run.select().order_by(payout_run.c.id.desc()).limit(1)).one()
        assert (
            session.scalar(text("SELECT count(*) FROM payout WHERE run_id = :run"), {"run": newest.id})
            == size
        )
    run = public_id("run", newest.id, newest.created_at)
    paths = {"page": f"/v1/payouts?run={run}&limit=100", "run": f"/v1/payout-runs/{run}", "floor": "/healthz"}
    with serving(url) as port:
        get = connected(port, key)
        for _ in range(LOOKS):
            for name, path in paths.items():
                with watch.lap(name):
                    get(path)
    page, floor = watch.median("page"), watch.median("floor")
    return Row(
        f"payouts: first page of a run of {size:,}", millis(page), millis(floor), floor / page, "<= 100 ms",
        [("the run itself", millis(watch.median("run")))],
    )  # fmt: skip
