"""Very many claims whose time is over: what the jobs take for them."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, text

from bench.bounty_market import FEE, NOW, PRICE, SLOTS, claimed
from bench.cpu import cpu_of
from bench.ground import app_engine, fresh_database, raw, say, settings_of
from bench.row import Row, Watch, rate
from bounties.overdue import approve_by_silence, expire_claims
from core.database import transaction

JOBS: dict[str, tuple[str, Callable[..., int]]] = {
    "expiry": ("claimed", expire_claims),
    "approval by silence": ("submitted", approve_by_silence),
}


def measure_of(name: str, many: int) -> Row:
    """So many claims are over, a hundred a bounty, every second bounty closed: the job until nothing is left.

    Raises:
        RuntimeError: not all of them, or escrow does not hold what it must.
    """
    state, job = JOBS[name]
    with fresh_database() as url:
        say(f"{many:,} claims for {name}")
        owner, engine, settings = app_engine(url, role=None), app_engine(url), settings_of(url)
        with raw(owner) as cursor:
            claimed(cursor, many // SLOTS, state)
        watch, done, last = Watch(), 0, 1
        with cpu_of(owner) as cpu:
            while last:
                with watch.lap("batch"), transaction(engine) as session:
                    last = job(session, NOW + timedelta(hours=1), settings)
                done += last
        _prove(owner, done, many)
    took = watch.total()
    return Row(f"bounties: {name} of {many:,} claims", f"{took:,.1f} s", wanted=f"<= {30 * many / 100_000:g} s", parts=[
        ("claims", rate(many, took)), ("a batch, the longest", f"{max(watch.laps['batch']):,.2f} s"),
        ("the processor's: ours + the database's", str(cpu)),
    ])  # fmt: skip


def _prove(owner: Engine, done: int, many: int) -> None:
    query = text(
        "SELECT count(*) FILTER (WHERE -l.balance <> b.funded - b.released - b.returned), sum(b.funded), count(*)"
        " FROM bounty b JOIN account a ON a.code = b.escrow JOIN balance l ON l.account_id = a.id"
    )
    with owner.connect() as connection:
        wrong, funded, count = connection.execute(query).one()
    if (done, wrong, funded, count) != (many, 0, many * (PRICE + FEE), many // SLOTS):
        raise RuntimeError(f"{done} of {many} done, {wrong} escrows wrong")
