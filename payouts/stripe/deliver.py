"""The way of due attempts: claim a few, commit, call with no transaction open, record.

A pool of threads calls; the caller's thread claims, records, and so keeps the pool fed. One payout that hangs holds one
thread, the others flow. This module has transactions of its own, since calls come in between.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.errors import KopeckError, Unavailable
from payouts.attempt import Work
from payouts.record import record
from payouts.record_paid import Done, record_paid
from payouts.stripe.brake import Brake
from payouts.stripe.circuit import open_circuit
from payouts.stripe.outcome import Outcome
from payouts.stripe.transfer import deliver

log = structlog.get_logger()

# Seconds in which outcomes come together, unless all are there before: recording many costs little more than one. A
# worker meanwhile has the next payout, since more are claimed than are called in that time.
GATHER = 0.1

Claim = Callable[[Session, datetime, int], list[Work]]


@dataclass(frozen=True, slots=True)
class Way:
    """What a delivery stands on."""

    engine: Engine
    client: StripeClient
    now: Callable[[], datetime]
    workers: int
    brake: Brake


def deliver_due(way: Way, claim: Claim, seconds: float = 10.0) -> Counter[str]:
    """Deliver what `claim` gives until nothing is due, the brake is on, or `seconds` have passed. Counts outcomes."""
    counts: Counter[str] = Counter()
    refused = threading.Event()
    ends = time.monotonic() + seconds
    waiting: set[Future[Done]] = set()
    with ThreadPoolExecutor(way.workers, "payout") as pool:
        more = True
        while True:
            more = more and not refused.is_set() and time.monotonic() < ends
            if more and len(waiting) <= way.workers * 4:
                probing = way.brake.on
                works = _claim(way, claim)
                more = bool(works)
                waiting |= {pool.submit(_call, way, work, refused, probing) for work in works}
            if not waiting:
                return counts
            done, waiting = wait(waiting, timeout=GATHER)
            counts.update(_record(way, [each.result() for each in done]))


def _claim(way: Way, claim: Claim) -> list[Work]:
    now = way.now()
    if (room := way.brake.room(way.workers * 3, now)) == 0:
        return []
    with transaction(way.engine) as session:
        return claim(session, now, room)


def _call(way: Way, work: Work, refused: threading.Event, probing: bool) -> Done:
    if refused.is_set() or (way.brake.on and not probing):
        return work, Outcome("later", "not_called", "Sending was stopped before its turn.")
    outcome = deliver(way.client, work)
    way.brake.saw(outcome.code != "no_answer", way.now())
    if outcome.kind == "stopped":
        refused.set()
    _tell(work, outcome)
    return work, outcome


def _record(way: Way, done: Iterable[Done]) -> list[str]:
    """What became of each. The plainly paid ones of a run are recorded together, all others one by one."""
    together: list[Done] = []
    alone: list[Done] = []
    for each in done:
        plain = each[1].kind == "confirmed" and each[0].fresh and not each[1].reversed
        (together if plain else alone).append(each)
    settled: set[int] = set()
    together.sort(key=lambda each: each[0].run_key)
    for _, group in groupby(together, lambda each: each[0].run_key):
        settled |= _record_paid(way, list(group))
    alone += [each for each in together if each[0].attempt not in settled]
    return ["confirmed"] * len(settled) + [_record_one(way, work, outcome) for work, outcome in alone]


def _record_paid(way: Way, done: list[Done]) -> set[int]:
    """If anything is wrong with one of them none is settled here, and each is tried by itself."""
    try:
        with transaction(way.engine) as session:
            return record_paid(session, done, way.now())
    except KopeckError:
        return set()


def _record_one(way: Way, work: Work, outcome: Outcome) -> str:
    """What cannot be recorded is taken up again when the lease has ended."""
    for _ in range(5):
        try:
            with transaction(way.engine) as session:
                done = record(session, work, outcome, way.now())
                if outcome.kind == "stopped":
                    open_circuit(session, outcome.detail or outcome.code, way.now())
                return done
        except Unavailable:
            time.sleep(1)
        except KopeckError as error:  # one that cannot be booked must not hold up the others
            log.error(
                "payout attempt not recorded", payout=work.payout, outcome=outcome.kind, code=error.code
            )
            return "unrecorded"
    log.warning("payout attempt not recorded", payout=work.payout, outcome=outcome.kind)
    return "unrecorded"


def _tell(work: Work, outcome: Outcome) -> None:
    """Say what a person may have to look at; what merely waits for its turn is not worth a line."""
    level = {"mismatch": log.error, "stopped": log.error, "unknown": log.warning, "rejected": log.warning}
    if say := level.get(outcome.kind):
        say("payout attempt", payout=work.payout, outcome=outcome.kind, code=outcome.code, call=work.calls)
