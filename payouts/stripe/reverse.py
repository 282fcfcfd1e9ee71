"""Carry out reversals at Stripe: claim, commit, call, record; what is unknown is looked up in the transfer's reversals.

What the creator gets is what Stripe says has been taken back of the transfer in all, so that a webhook that was faster,
or a reversal made in Stripe's own pages meanwhile, is counted once.
"""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.money import Money
from payouts.attempt import BEGIN_WITHIN, LEASE, pause, too_old
from payouts.send_tables import reversal
from payouts.settle import reverse_row
from payouts.store import payouts
from payouts.stripe.deliver import Way
from payouts.stripe.http import begin_by
from payouts.stripe.outcome import Outcome, outcome_of
from payouts.stripe.plain import id_of, plain
from payouts.stripe.units import from_units, to_units
from payouts.tables import payout, payout_run

_r = reversal.c


@dataclass(frozen=True, slots=True)
class Taking:
    """A claimed reversal. `lease` is its fence: who comes later has set another one."""

    id: int
    key: str
    run_key: int
    payout_key: int
    transfer: str
    money: Money
    fresh: bool
    may_send: bool
    begin_by: float
    lease: datetime
    since: datetime


def reverse_due(way: Way, most: int = 100) -> Counter[str]:
    """Carry out due reversals one after the other; people ask for them, so there are few."""
    counts: Counter[str] = Counter()
    for _ in range(most):
        with transaction(way.engine) as session:
            taking = claim_reversal(session, way.now())
        if taking is None:
            break
        outcome = take_back(way.client, taking)
        with transaction(way.engine) as session:
            counts[f"reversal_{record_reversal(session, taking, outcome, way.now())}"] += 1
    return counts


def claim_reversal(session: Session, now: datetime) -> Taking | None:
    """The next one that is due; from here until its record nobody knows whether it was executed."""
    due = (
        select(reversal, payout.c.run_id, payout.c.currency, payout.c.reference.label("transfer"))
        .join(payout)
        .where(_r.state.in_(("asked", "unknown")), _r.next_at <= now)
        .order_by(_r.next_at, _r.id)
        .limit(1)
    )
    begin = time.time() + BEGIN_WITHIN
    row = session.execute(due.with_for_update(of=reversal, skip_locked=True)).one_or_none()
    if row is None:
        return None
    since, lease = row.first_sent_at or now, now + LEASE
    claimed = {"state": "unknown", "first_sent_at": since, "next_at": lease}
    session.execute(update(reversal).where(_r.id == row.id).values(**claimed))
    return Taking(
        id=row.id,
        key=row.key,
        run_key=row.run_id,
        payout_key=row.payout_id,
        transfer=row.transfer,
        money=Money(row.amount, row.currency),
        fresh=row.state == "asked",
        may_send=not too_old(row.first_sent_at, now),
        begin_by=begin,
        lease=lease,
        since=since,
    )


def take_back(client: StripeClient, taking: Taking) -> Outcome:
    """Reverse, unless it was done already; `reversed` is what was taken back of the transfer in all."""
    with begin_by(taking.begin_by):
        done = None if taking.fresh else _find(client, taking)
        if done is None:
            if not taking.may_send:
                return Outcome("unknown", "not_found", "Stripe did not execute it; ask again.")
            done = _reverse(client, taking)
        return done if done.kind != "confirmed" else _sum(client, taking, done.reference)


def _find(client: StripeClient, taking: Taking) -> Outcome | None:
    try:
        listed = plain(client.v1.transfers.reversals.list(taking.transfer, {"limit": 100}))
    except Exception as error:
        return _no_verdict(outcome_of(error))
    rows = listed.get("data")
    if not isinstance(rows, list):
        return Outcome("unknown", "unreadable", "Stripe's list of reversals cannot be read.")
    ours = [row for row in rows if (row.get("metadata") or {}).get("reversal") == taking.key]
    return Outcome("confirmed", reference=id_of(ours[0])) if ours else None


def _reverse(client: StripeClient, taking: Taking) -> Outcome:
    asked = {"amount": to_units(taking.money), "metadata": {"reversal": taking.key}}
    try:
        answer = client.v1.transfers.reversals.create(
            taking.transfer,
            asked,  # type: ignore[arg-type]
            {"idempotency_key": taking.key},
        )
    except Exception as error:
        return outcome_of(error)
    reference = id_of(plain(answer))
    return Outcome("confirmed", reference=reference) if reference else Outcome("unknown", "unreadable")


def _sum(client: StripeClient, taking: Taking, reference: str) -> Outcome:
    """It was executed, so whatever this look comes to, it is never fresh again."""
    try:
        transfer = plain(client.v1.transfers.retrieve(taking.transfer))
    except Exception as error:
        failed = outcome_of(error)
        return Outcome("unknown", failed.code, failed.detail)
    units = transfer.get("amount_reversed")
    if not isinstance(units, int) or units <= 0:
        return Outcome("unknown", "unreadable", "Stripe's answer is no reversed transfer.")
    return Outcome("confirmed", reference=reference, reversed=units)


def _no_verdict(failed: Outcome) -> Outcome:
    """A look that failed says nothing of what it looked for."""
    kind = failed.kind if failed.kind in ("later", "stopped") else "unknown"
    return Outcome(kind, failed.code, failed.detail)


def record_reversal(session: Session, taking: Taking, outcome: Outcome, now: datetime) -> str:
    """Write an outcome down, under the lease it was claimed with."""
    session.execute(select(payout_run.c.id).where(payout_run.c.id == taking.run_key).with_for_update())
    locked = payouts().where(payout.c.id == taking.payout_key).with_for_update(of=payout)
    row = session.execute(locked).one()
    mine = select(_r.id).where(_r.id == taking.id, _r.state == "unknown", _r.next_at == taking.lease)
    if session.scalar(mine.with_for_update()) is None:
        return "late"
    values = _values(session, taking, row, outcome, now)
    session.execute(update(reversal).where(_r.id == taking.id).values(**values))
    return str(values.get("state", outcome.kind))


def _values(
    session: Session, taking: Taking, row: Row[Any], outcome: Outcome, now: datetime
) -> dict[str, Any]:
    if outcome.kind == "confirmed":
        reverse_row(session, row, from_units(outcome.reversed, taking.money.currency), outcome.reference, now)
        return {"state": "done", "reference": outcome.reference, "detail": None}
    said = f"{outcome.code}: {outcome.detail}"
    if outcome.kind in ("rejected", "mismatch") or outcome.code == "not_found":
        return {"state": "refused", "detail": said}
    if outcome.kind in ("later", "stopped") and taking.fresh:
        wait = pause(1, first=4, most=60)
        return {"state": "asked", "first_sent_at": None, "detail": said, "next_at": now + wait}
    waited = max(
        now - taking.since, timedelta(seconds=4)
    )  # the pause doubles as it grows with what was waited
    return {"detail": said, "next_at": now + pause(1, first=waited.total_seconds(), most=900)}
