"""What time does with claims: expiry, approval by silence, the end of a rejection. Set-wise, a batch at a time.

Each batch locks its bounties first and passes over those that somebody works with: whoever decides by hand at that
moment wins, and the next look sees what is left.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bounties.close import settle_done
from bounties.find import escrow
from bounties.free import free_slots
from bounties.money import post_many
from bounties.tables import claim, claim_move
from core.database import sql
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.post import Leg, credit, debit

BATCH = 5000
_GONE = "The content was deleted before it was reviewed."


def expire_claims(session: Session, now: datetime, settings: Settings) -> int:
    """Claims on which nothing was handed in in time give their slots back. How many."""
    return _free(session, "expire", ["claimed", "changes_requested"], now, settings)


def end_rejections(session: Session, now: datetime, settings: Settings) -> int:
    """Rejections that nobody disputed in time give their slots back. How many."""
    return _free(session, "end_rejected", ["rejected"], now, settings)


def approve_by_silence(session: Session, now: datetime, settings: Settings) -> int:
    """Submissions that nobody reviewed in time are approved; what silence cannot approve waits for a person, and the
    creator may dispute it. How many were looked at."""
    held = _hold(session, ["submitted"], now)
    if not held:
        return 0
    given = {"bounties": held, "now": now, "limit": BATCH}
    found = session.execute(sql("bounties", "silent"), given).all()
    _approve(session, [row.id for row in found if row.outcome == "approve"], now, settings)
    _set(session, [row.id for row in found if row.outcome == "wait"], due_at=None)
    _reject(session, [row.id for row in found if row.outcome == "reject"], now, settings)
    settle_done(session, held, now)
    return len(found)


def _hold(session: Session, states: list[str], now: datetime) -> list[int]:
    given = {"states": states, "now": now, "limit": BATCH}
    return list(session.scalars(sql("bounties", "hold_due"), given))


def _free(session: Session, name: str, states: list[str], now: datetime, settings: Settings) -> int:
    held = _hold(session, states, now)
    if not held:
        return 0
    rows = session.execute(sql("bounties", name), {"bounties": held, "now": now, "limit": BATCH})
    freed = {row.bounty_id: row.n for row in rows}
    free_slots(session, freed, now, settings)
    return sum(freed.values())


def _approve(session: Session, claims: list[int], now: datetime, settings: Settings) -> None:
    if not claims:
        return
    today = now.astimezone(settings.zone).date()
    given = {"claims": claims, "now": now, "today": today}
    paid = session.execute(sql("bounties", "approve_silently"), given).all()
    for currency in sorted({row.currency for row in paid}):
        legs = _paid([row for row in paid if row.currency == currency], currency)
        post_many(session, "bounty.pay", currency, legs, now, settings)


def _paid(rows: Sequence[Row[Any]], currency: str) -> list[Leg]:
    """A leg an account, not three a claim: the same sums in a fraction of the time."""
    held, earned = Counter[tuple[int, datetime]](), Counter[str]()
    for row in rows:
        held[row.bounty_id, row.created_at] += row.price + row.fee
        earned[row.creator] += row.price
    fees = sum(row.fee for row in rows)
    return [
        *(debit(escrow(*key), Money(micros, currency)) for key, micros in held.items()),
        *(
            credit(accounts.creator(who, "available"), Money(micros, currency))
            for who, micros in earned.items()
        ),
        credit(accounts.fee_income("bounty"), Money(fees, currency)),
    ]


def _set(session: Session, claims: list[int], **values: Any) -> None:
    if claims:
        session.execute(claim.update().where(claim.c.id.in_(claims)).values(**values))


def _reject(session: Session, claims: list[int], now: datetime, settings: Settings) -> None:
    if not claims:
        return
    due = now + timedelta(hours=settings.bounty_dispute_hours)
    _set(session, claims, state="rejected", reason=_GONE, decided_at=now, due_at=due, updated_at=now)
    note = {"verb": "reject", "who": "time", "state": "rejected", "reason": _GONE, "at": now}
    session.execute(claim_move.insert(), [{"claim_id": key, **note} for key in claims])
