"""Warnings: a line that has spent 50, 80 or 95 percent of its period's money is told about, once each."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.settings import Settings
from rewards.burn_down import LEVELS, dry_on, percent_spent
from rewards.fund_tables import fund_warning
from rewards.funds import line_states


@dataclass(frozen=True, slots=True)
class Warned:
    """A line has reached `percent`; on `dry_on` it will not be able to pay, None: not within a year."""

    fund: str
    line: str
    percent: int
    dry_on: date | None


def warn(session: Session, now: datetime, settings: Settings) -> list[Warned]:
    """Write down what was reached for the first time in a line's period. Returns each such line with its highest level.

    A repeat returns nothing: a warning's row is unique by line, period and percent.
    """
    today = now.astimezone(settings.zone).date()
    states = line_states(session, None, today)
    rows = [
        {"fund": row.fund, "line": row.id, "period": row.starts_on, "percent": level, "warned_at": now}
        for row in states
        for level in LEVELS
        if percent_spent(row) >= level
    ]
    if not rows:
        return []
    w = fund_warning.c
    made = insert(fund_warning).on_conflict_do_nothing().returning(w.fund, w.line, w.percent)
    highest: dict[tuple[str, str], int] = {}
    for new in session.execute(made, rows):
        highest[new.fund, new.line] = max(new.percent, highest.get((new.fund, new.line), 0))
    told = []
    for fund_id, of_fund in groupby(sorted(highest), key=lambda each: each[0]):
        own = [row for row in states if row.fund == fund_id]
        dry = dry_on(session, fund_id, own, own[0].currency, today)
        told += [Warned(fund_id, line, highest[fund_id, line], dry[line]) for _, line in of_fund]
    return told
