"""Backtests as they are kept: each can be read again, and two can be laid side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound, Refused
from core.ids import key_of, public_id
from core.money import Money
from rewards.programs import get_program
from rewards.tables import backtest


@dataclass(frozen=True, slots=True)
class Backtest:
    """A trial of rules (of a `version`, or given) on the days from `since` to `until`, and what it says."""

    id: str
    program: str
    version: int | None
    rules: list[dict[str, Any]]
    since: date
    until: date
    asked_by: str
    created_at: datetime
    result: dict[str, Any]


def keep(
    session: Session, trial: Any, rules: Sequence[Mapping[str, Any]], result: Mapping[str, Any], person: str
) -> Backtest:
    """Store a result."""
    made = backtest.insert().values(
        program=trial.program, version=trial.version, rules=[_plain_rule(each) for each in rules],
        since=trial.since, until=trial.until, result=result, asked_by=person,
    )  # fmt: skip
    return _shown(session.execute(made.returning(backtest)).one())


def _plain_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as JSON: money as its amount and currency."""

    def plain(value: Any) -> Any:
        if isinstance(value, Money):
            return value.as_json()
        if isinstance(value, Mapping):
            return {name: plain(each) for name, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in rule.items()}


def _drafted(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A stored rule with its money as `Money` again."""

    def money(part: Mapping[str, Any]) -> dict[str, Any]:
        return dict(part) | {"amount": Money.parse(part["amount"]["amount"], part["amount"]["currency"])}

    pool = {"pool": money(rule["pool"])} if rule.get("pool") else {}
    caps = {"caps": [money(cap) for cap in rule["caps"]]} if rule.get("caps") else {}
    return dict(rule) | pool | caps


def get_backtest(session: Session, backtest_id: str) -> Backtest:
    """One backtest.

    Raises:
        NotFound: no such backtest.
    """
    row = session.execute(select(backtest).where(backtest.c.id == key_of("bkt", backtest_id))).one_or_none()
    if row is None or _shown(row).id != backtest_id:
        raise NotFound("not_found", "No such backtest.")
    return _shown(row)


def list_backtests(
    session: Session, program: str, limit: int, before: int | None
) -> list[tuple[int, Backtest]]:
    """A program's backtests with their keys, newest first.

    Raises:
        NotFound: no such program.
    """
    get_program(session, program)
    query = select(backtest).where(backtest.c.program == program).order_by(backtest.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(backtest.c.id < before)
    return [(row.id, _shown(row)) for row in session.execute(query)]


def compare(session: Session, backtest_id: str, other_id: str) -> dict[str, Any]:
    """Two trials of one currency and the same days side by side: what each costs in all, by day and by rule.

    Raises:
        NotFound: no such backtest.
        Refused: `not_comparable`, other days or another currency.
    """
    this, other = get_backtest(session, backtest_id), get_backtest(session, other_id)
    if _about(this) != _about(other):
        told = f"Compare backtests of the same days and currency: {_about(this)} is not {_about(other)}."
        raise Refused("not_comparable", told)
    mine, theirs = this.result, other.result
    return {
        "backtest": this.id,
        "with": other.id,
        "currency": mine["currency"],
        "cost": _pair(mine["cost"]["new"], theirs["cost"]["new"], mine["currency"]),
        "days": _pairs("day", mine["days"], theirs["days"], mine["currency"]),
        "rules": _pairs("rule", mine["rules"], theirs["rules"], mine["currency"]),
        "dry_on": {"this": _dry(mine), "with": _dry(theirs)},
    }


def _about(each: Backtest) -> str:
    return f"{each.since} to {each.until} in {each.result['currency']}"


def _pairs(
    name: str, mine: Sequence[Mapping[str, str]], theirs: Sequence[Mapping[str, str]], currency: str
) -> list[dict[str, str]]:
    """In the order of both; what only one of them has costs the other nothing."""
    sides = [{each[name]: each["new"] for each in rows} for rows in (mine, theirs)]
    keys = sorted(sides[0].keys() | sides[1].keys())
    zero = Money(0, currency).amount
    return [{name: key} | _pair(sides[0].get(key, zero), sides[1].get(key, zero), currency) for key in keys]


def _pair(mine: str, theirs: str, currency: str) -> dict[str, str]:
    difference = int((Decimal(mine) - Decimal(theirs)).scaleb(6))
    return {"this": mine, "with": theirs, "difference": Money(difference, currency).amount}


def _dry(result: Mapping[str, Any]) -> str | None:
    line = result["line"]
    return line["dry_on"] if line else None


def _shown(row: Any) -> Backtest:
    return Backtest(
        public_id("bkt", row.id, row.created_at),
        row.program,
        row.version,
        [_drafted(each) for each in row.rules],
        row.since,
        row.until,
        row.asked_by,
        row.created_at,
        row.result,
    )
