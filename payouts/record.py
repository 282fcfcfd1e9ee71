"""Record what came of a claimed attempt, once: only under the fence of the claim, in one transaction with the money.

Whatever is not certain keeps the reservation. A worker that comes back after its lease finds another fence and changes
nothing; what it did at the provider is found by whoever looks the payout up.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.money import Money
from payouts.attempt import LOOK_LATER, NOT_FOUND, STUCK, Work, pause
from payouts.note_difference import CURED_BY_SETTLING, Found, Kind, end_differences, note_difference
from payouts.send_tables import payout_attempt
from payouts.settle import reverse_row, settle_row
from payouts.store import payouts
from payouts.stripe.outcome import Outcome
from payouts.stripe.reasons import reason_of
from payouts.stripe.units import from_units
from payouts.tables import payout, payout_run

PROVIDER = "stripe"
MOST_WITHOUT_FUNDS = 24  # successors that an empty balance at the provider is waited for with
_a = payout_attempt.c


def record(session: Session, work: Work, outcome: Outcome, now: datetime) -> str:
    """Write an outcome down; what became of the attempt, or `late` when it is another worker's by now."""
    row = _lock(session, work)
    mine = select(_a.id).where(_a.id == work.attempt, _a.fence == work.fence, _a.state == "claimed")
    if session.scalar(mine.with_for_update()) is None:
        return "late"
    return _RECORDS[outcome.kind](session, work, row, outcome, now)


def confirm_row(
    session: Session, row: Row[Any], reference: str, taken_back: Money, now: datetime, by: str = PROVIDER
) -> None:
    """A payout of `find_payout(lock=True)` stands at the provider under `reference`: paid, once, whoever says it first.
    What was taken back of it already is credited. Its live attempt is confirmed.

    Raises:
        Refused: `other_transfer`, the payout was paid by another one; `payout_not_settleable`, it was not sent.
    """
    if row.state in ("paid", "returned"):
        if row.reference != reference:
            raise Refused("other_transfer", f"The payout was paid by {row.reference}, not by {reference}.")
    else:
        settle_row(session, row, "paid", reference, by, now)
    if taken_back.micros:
        paid = session.execute(payouts().where(payout.c.id == row.id)).one()
        reverse_row(session, paid, taken_back, reference, now)
    live = _a.state.in_(("ready", "claimed", "unknown"))
    ended = update(payout_attempt).where(_a.payout_id == row.id, live)
    session.execute(
        ended.values(state="confirmed", reference=reference, code=None, detail=None, ended_at=now)
    )


def _confirmed(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    try:
        confirm_row(session, row, outcome.reference, from_units(outcome.reversed, work.money.currency), now)
    except Refused as refused:
        stuck = Outcome("mismatch", "twice_there", refused.detail)
        return _mismatch(session, work, row, stuck, now)
    if not work.fresh:
        end_differences(session, (*CURED_BY_SETTLING, "paid_there_not_here"), work.payout, now)
    return "confirmed"


def _rejected(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    """The attempt is over and its key with it. For want of money at the provider a successor waits; otherwise a person
    looks at the reason."""
    _write(session, work, state="rejected", code=outcome.code, detail=outcome.detail, ended_at=now)
    if outcome.code == "balance_insufficient" and work.number < MOST_WITHOUT_FUNDS:
        _change(session, row, state="reserved", sent_at=None)
        later = now + pause(work.number, first=60, most=3600)
        key = f"{work.key.rpartition('-')[0]}-{work.number + 1}"
        successor = {"payout_id": row.id, "number": work.number + 1, "key": key, "next_at": later}
        session.execute(insert(payout_attempt).values(created_at=now, **successor))
        return "short_of_funds"
    _change(session, row, state="held", hold_reason=reason_of(outcome.code), held_by=None, sent_at=None)
    return "rejected"


def _later(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    """Nothing was executed by this call. If nothing can have been before either, the payout is free again meanwhile."""
    longest = 60 if outcome.kind == "later" else 900
    next_at = now + pause(work.calls, first=1 if outcome.kind == "later" else 60, most=longest)
    if work.fresh:
        _write(session, work, outcome, state="ready", next_at=next_at, first_sent_at=None)
        _change(session, row, state="reserved", sent_at=None)
    else:
        _write(session, work, outcome, state="unknown", next_at=next_at)
    return outcome.kind


def _in_flight(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    """An earlier call under the key is at work: not unknown yet, and looked up before the key is used again."""
    _write(session, work, outcome, state="unknown", next_at=now + pause(work.calls, first=2, most=60))
    return outcome.kind


def _unknown(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    decided_by_person = outcome.code == NOT_FOUND and work.unsendable in ("key_too_old", "stuck")
    wait = LOOK_LATER if decided_by_person else pause(work.calls, first=4, most=900)
    _write(session, work, outcome, state="unknown", next_at=now + wait)
    _change(session, row, state="unknown")
    if decided_by_person and work.unsendable == "key_too_old":
        found = Found("unknown_too_old", work.payout, work.money, outcome.detail)
        note_difference(session, found, now)
    return "unknown"


def _mismatch(session: Session, work: Work, row: Row[Any], outcome: Outcome, now: datetime) -> str:
    _write(session, work, outcome, state="unknown", next_at=now + LOOK_LATER)
    if row.state in ("sending", "unknown"):
        _change(session, row, state="unknown")
    found = Found(cast(Kind, outcome.code), work.payout, work.money, outcome.detail)
    note_difference(session, found, now)
    return "mismatch"


_RECORDS: dict[str, Callable[[Session, Work, Row[Any], Outcome, datetime], str]] = {
    "confirmed": _confirmed,
    "rejected": _rejected,
    "later": _later,
    "stopped": _later,
    "in_flight": _in_flight,
    "unknown": _unknown,
    "mismatch": _mismatch,
}


def _lock(session: Session, work: Work) -> Row[Any]:
    """The payout, locked after its run, as everybody does."""
    session.execute(select(payout_run.c.id).where(payout_run.c.id == work.run_key).with_for_update())
    return session.execute(payouts().where(payout.c.id == work.payout_key).with_for_update(of=payout)).one()


def _write(session: Session, work: Work, outcome: Outcome | None = None, **values: Any) -> None:
    """Change the attempt. Why it is stuck stays said, whatever a later look says."""
    if outcome is not None:
        stuck = select(_a.code).where(_a.id == work.attempt, _a.code.in_(STUCK))
        if outcome.kind == "mismatch" or session.scalar(stuck) is None:
            values |= {"code": outcome.code, "detail": outcome.detail}
    session.execute(update(payout_attempt).where(_a.id == work.attempt).values(**values))


def _change(session: Session, row: Row[Any], **values: Any) -> None:
    session.execute(update(payout).where(payout.c.id == row.id).values(**values))
