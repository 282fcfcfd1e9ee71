"""Claim due attempts for this worker: the last look before money leaves, and the commit that comes before the call.

The payout and its attempt are locked together, and what another holds is skipped; then the payees are locked, as every
sending does, so that a hold or a change that was answered before is seen. So a claim waits for payees only, and nobody
who holds a payee waits for payouts.
"""

import os
import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.database import sql
from core.ids import public_id
from core.money import Money
from core.secrets import Vault
from ledger.halt import refuse_if_halted
from payouts.attempt import BEGIN_WITHIN, LEASE, STUCK, Unsendable, Work, too_old
from payouts.obstacles import obstacle_facts, obstacle_of
from payouts.send_tables import payout_attempt
from payouts.stripe.guard import is_halted
from payouts.tables import payout

_a, _p = payout_attempt.c, payout.c
_DUE = select(payout_attempt, payout).join(payout, _p.id == _a.payout_id).order_by(_a.next_at)

Found = Mapping[Any, Any]  # an attempt and its payout, by column


def claim_ready(
    session: Session, vault: Vault, now: datetime, size: int, stopped: Collection[str] = ()
) -> list[Work]:
    """Up to `size` attempts that were certainly not executed. What meets an obstacle is held with the reason, what was
    cancelled or held is withdrawn. `stopped`: currencies of which nothing is sent.

    Raises:
        Unavailable: `ledger_halted`, and something is due.
    """
    begin = time.time() + BEGIN_WITHIN
    rows = _due(session, _a.state == "ready", _p.currency.not_in(stopped), now=now, size=size)
    if not rows:
        return []
    refuse_if_halted(session)
    wanted = [row for row in rows if row[_p.state] == "reserved"]
    _withdraw(session, [row for row in rows if row[_p.state] != "reserved"], "not_wanted", now)
    facts = obstacle_facts(session, [row[_p.id] for row in wanted], {row[_p.creator] for row in wanted})
    going = []
    for row in wanted:
        account = _account(vault, row)
        why = obstacle_of(facts[row[_p.id]], account, Money(row[_p.amount], row[_p.currency]))
        if why is None:
            going.append((row, account))
        else:
            _hold(session, row, why, now)
    return _claim(session, going, now, begin, lambda row: None, fresh=True)


def claim_doubtful(
    session: Session, vault: Vault, now: datetime, size: int, stopped: Collection[str] = ()
) -> list[Work]:
    """Up to `size` attempts that may have been executed: unknown ones, and those whose worker did not come back.

    They are looked up whatever stops sending; what is not found is not sent again in the currencies `stopped`, while the
    ledger is halted, or to a payee that is held or was changed since the approval.
    """
    begin = time.time() + BEGIN_WITHIN
    rows = _due(session, _a.state.in_(("claimed", "unknown")), now=now, size=size)
    doubtful = [row for row in rows if row[_p.state] in ("sending", "unknown")]
    _close_settled(session, [row for row in rows if row[_p.state] not in ("sending", "unknown")], now)
    if not doubtful:
        return []

    halted = is_halted(session)
    facts = obstacle_facts(session, [row[_p.id] for row in doubtful], {row[_p.creator] for row in doubtful})

    def unsendable(row: Found) -> Unsendable | None:
        if row[_a.code] in STUCK:
            return "stuck"
        if too_old(row[_a.first_sent_at], now):
            return "key_too_old"
        if halted or row[_p.currency] in stopped:
            return "stopped"
        return "payee" if facts[row[_p.id]].obstacle else None

    going = [(row, _account(vault, row)) for row in doubtful]
    return _claim(session, going, now, begin, unsendable, fresh=False)


def _due(session: Session, *which: Any, now: datetime, size: int) -> list[Found]:
    due = _DUE.where(*which, _a.next_at <= now).limit(size)
    found = session.execute(due.with_for_update(of=[payout_attempt, payout], skip_locked=True))
    return [row._mapping for row in found]


def _account(vault: Vault, row: Found) -> str:
    return str(vault.open(row[_p.destination]).get("account", ""))


def _hold(session: Session, row: Found, why: str, now: datetime) -> None:
    _withdraw(session, [row], why.partition(":")[0], now)
    held = {"state": "held", "hold_reason": why, "held_by": None}
    session.execute(update(payout).where(_p.id == row[_p.id]).values(**held))


def _withdraw(session: Session, rows: Sequence[Found], code: str, now: datetime) -> None:
    if rows:
        ended = update(payout_attempt).where(_a.id.in_([row[_a.id] for row in rows]))
        session.execute(ended.values(state="withdrawn", code=code, ended_at=now))


def _close_settled(session: Session, rows: Sequence[Found], now: datetime) -> None:
    """A webhook or a poll was faster: what it said of the payout is the attempt's outcome too."""
    for row in rows:
        state = "confirmed" if row[_p.state] in ("paid", "returned") else "withdrawn"
        said = {"state": state, "reference": func.coalesce(_a.reference, row[_p.reference]), "ended_at": now}
        session.execute(update(payout_attempt).where(_a.id == row[_a.id]).values(**said))


def _claim(
    session: Session,
    going: Sequence[tuple[Found, str]],
    now: datetime,
    begin: float,
    unsendable: Callable[[Found], Unsendable | None],
    *,
    fresh: bool,
) -> list[Work]:
    if not going:
        return []
    given = {
        "attempts": [row[_a.id] for row, _ in going],
        "lost": [row[_p.id] for row, _ in going if row[_a.state] == "claimed"],
        "worker": f"{socket.gethostname()}:{os.getpid()}",
        "now": now,
        "until": now + LEASE,
    }
    claimed = {row.id: row for row in session.execute(sql("payouts", "attempt_claim"), given)}
    return [
        Work(
            attempt=row[_a.id],
            number=row[_a.number],
            fence=claimed[row[_a.id]].fence,
            calls=claimed[row[_a.id]].calls,
            key=row[_a.key],
            run_key=row[_p.run_id],
            payout_key=row[_p.id],
            payout=public_id("po", row[_p.id], row[_p.created_at]),
            account=account,
            money=Money(row[_p.amount], row[_p.currency]),
            fresh=fresh,
            look_first=not fresh or row[_a.number] > 1,
            unsendable=unsendable(row),
            begin_by=begin,
        )
        for row, account in going
    ]
