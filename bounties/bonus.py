"""Settle bonuses: the formula over a content's figures of its days, when those days are final; the rest goes back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bounties.close import settle_done
from bounties.find import escrow
from bounties.money import post_many
from core.database import sql
from core.money import Money, minor_micros
from core.settings import Settings
from formula import compile_formula, to_micros
from ledger import accounts
from ledger.post import Leg, credit, debit

BATCH = 1000
_FIGURES = ("views", "qualified_views", "completes", "watch_hours", "clicks", "likes", "followers")


def settle_bonuses(session: Session, now: datetime, settings: Settings) -> int:
    """Up to 1,000 claims whose days are final. How many."""
    today = now.astimezone(settings.zone).date()
    given = {"today": today, "late_days": settings.late_days, "limit": BATCH}
    found = session.execute(sql("bounties", "bonus_due"), given).all()
    owed = {row.id: bonus_of(row) for row in found}
    if not owed:
        return 0
    given = {"claims": list(owed), "amounts": list(owed.values()), "now": now}
    settled = set(session.scalars(sql("bounties", "settle_bonus"), given))
    for currency in sorted({row.currency for row in found}):
        rows = [row for row in found if row.currency == currency and row.id in settled]
        legs = [leg for row in rows for leg in _legs(row, owed[row.id])]
        post_many(session, "bounty.bonus", currency, legs, now, settings)
    settle_done(session, {row.bounty_id for row in found}, now)
    return len(settled)


def bonus_of(row: Any) -> int:
    """Micros of a bonus: the formula's value, never below zero or above the maximum, in whole minor units downwards."""
    compiled = compile_formula(row.bonus_formula, "content_day")
    micros, _ = to_micros(Decimal(compiled.value({name: getattr(row, name) for name in _FIGURES})))
    step = minor_micros(row.currency)
    return min(micros // step * step, int(row.bonus_max))


def _legs(row: Row[Any], bonus: int) -> list[Leg]:
    paid, back = Money(bonus, row.currency), Money(row.bonus_max - bonus, row.currency)
    return [
        debit(escrow(row.bounty_id, row.created_at), paid + back),
        credit(accounts.creator(row.creator, "available"), paid),
        credit(accounts.seller_balance(row.seller), back),
    ]
