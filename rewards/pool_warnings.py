"""Warn before a version starts whose pools are larger than what its line is given for them."""

import calendar
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.money import Money
from rewards.fund_tables import fund_line
from rewards.programs import Program
from rewards.versions import Version

POOL_ABOVE_ALLOCATION = "pool_above_allocation"
WARNINGS = (POOL_ABOVE_ALLOCATION,)


def line_of(session: Session, program: Program) -> Row[Any] | None:
    """The line that pays for a program: its `allocation` and `per`. None: the sellers pay."""
    of = fund_line.c.fund == program.fund, fund_line.c.id == program.line
    return session.execute(select(fund_line).where(*of)).one_or_none()


def monthly(line: Row[Any], day: date) -> int:
    """What a line is given in the month of a day, in micros; of one that is given once, the whole."""
    return int(line.allocation) * (_days(day) if line.per == "day" else 1)


def pool_warnings(session: Session, program: Program, version: Version) -> list[dict[str, str]]:
    """Of each pool above what its line is given in the pool's period: code, rule and a sentence.

    Days and months are compared over the month in which the version starts.
    """
    line = line_of(session, program)
    if line is None:
        return []
    return [
        _warning(each["name"], each["pool"], line)
        for each in version.rules
        if "pool" in each and _above(each["pool"], line, version.effective_from)
    ]


def _above(pool: dict[str, Any], line: Row[Any], start: date) -> bool:
    amount = pool["amount"].micros
    if line.per == "once":
        return bool(amount > line.allocation)
    return bool(amount * (_days(start) if pool["per"] == "day" else 1) > monthly(line, start))


def _warning(rule: str, pool: dict[str, Any], line: Row[Any]) -> dict[str, str]:
    given = Money(line.allocation, pool["amount"].currency)
    gets = f"{given} once" if line.per == "once" else f"{given} a {line.per}"
    told = f"The pool of rule {rule} is {pool['amount']} a {pool['per']}, but line {line.id} is given only {gets}."
    return {"code": POOL_ABOVE_ALLOCATION, "rule": rule, "detail": told}


def _days(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
