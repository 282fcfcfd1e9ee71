"""Pay a claim: the whole price, or a part of it when a dispute was split."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bounties.close import settle_done
from bounties.fees import fee_of
from bounties.find import move_claim, unit
from bounties.money import release
from core.settings import Settings


def pay_claim(
    session: Session,
    task: Any,
    row: Any,
    verb: str,
    who: str,
    person: str | None,
    now: datetime,
    settings: Settings,
    *,
    part: int | None = None,
    reason: str | None = None,
) -> Row[Any]:
    """A locked claim is approved, or split with `part` micros of the price; what its slot no longer needs goes back.

    A split has the fee on its part, by the bounty's own terms and never above the slot's, and no bonus.
    """
    price = task.price if part is None else part
    fee = (
        task.fee
        if part is None
        else min(fee_of(part, task.fee_rate, task.fee_minimum, task.currency), task.fee)
    )
    bonus = bonus_window(task, now, settings) if part is None else {}
    values = {
        "state": "approved" if part is None else "split",
        "price": price,
        "fee": fee,
        "due_at": None,
        "decided_by": person,
        "decided_at": now,
        "ended_at": now,
        **bonus,
    }
    if reason is not None:
        values["reason"] = reason
    done = move_claim(session, row, verb, who, person, now, **values)
    kept = task.bonus_max if bonus else 0
    release(session, task, row, {"price": price, "fee": fee}, unit(task) - price - fee - kept, now, settings)
    settle_done(session, [task.id], now)
    return done


def bonus_window(task: Any, now: datetime, settings: Settings) -> dict[str, Any]:
    """The whole days after the approval's that count for the bonus; nothing where none was promised."""
    if not task.bonus_max:
        return {}
    today: date = now.astimezone(settings.zone).date()
    return {
        "bonus_state": "waiting",
        "bonus_from": today + timedelta(days=1),
        "bonus_until": today + timedelta(days=task.bonus_days),
    }
