"""Versions of a program: sets of rules with a start date, drafted, and frozen once active."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import NotFound
from core.money import Money
from rewards.check_rules import check_rules
from rewards.programs import Program, get_program
from rewards.rules import PROTECTION
from rewards.tables import program_version, rule, rule_cap


@dataclass(frozen=True, slots=True)
class Version:
    """A set of rules with a start date: draft | proposed | active. Rules are as they were drafted."""

    program: str
    number: int
    effective_from: date
    state: str
    rules: list[dict[str, Any]]
    drafted_by: str
    proposed_by: str | None
    activated_by: str | None
    activated_at: datetime | None


def lock_program(session: Session, program_id: str) -> Program:
    """The program, when its turn has come: versions are numbered and started one at a time.

    Raises:
        NotFound: no such program.
    """
    session.execute(sql("rewards", "lock_program"), {"program": program_id})
    return get_program(session, program_id)


def draft_version(
    session: Session, program_id: str, effective_from: date, rules: Sequence[Mapping[str, Any]], person: str
) -> Version:
    """A draft, numbered from 1.

    Raises:
        NotFound: no such program.
        Invalid: what `check_rules` raises.
    """
    program = lock_program(session, program_id)
    check_rules(rules, program.currency, seller_funded=program.fund is None)
    v = program_version
    last = session.scalar(select(func.max(v.c.number)).where(v.c.program == program_id))
    number = (last or 0) + 1
    made = v.insert().values(
        program=program_id, number=number, effective_from=effective_from, drafted_by=person
    )
    version_id = session.scalars(made.returning(v.c.id)).one()
    for each in rules:
        rule_id = session.scalars(rule.insert().values(_columns(version_id, each)).returning(rule.c.id)).one()
        caps = [
            {"rule_id": rule_id, "per": cap["per"], "amount": cap["amount"].micros}
            for cap in each.get("caps") or ()
        ]
        if caps:
            session.execute(rule_cap.insert(), caps)
    return get_version(session, program_id, number)


def _columns(version_id: int, each: Mapping[str, Any]) -> dict[str, Any]:
    pool = each.get("pool") or {}
    return {
        "version_id": version_id,
        "name": each["name"],
        "grain": each["grain"],
        "where": each.get("where"),
        "amount": each.get("amount"),
        "pool": pool["amount"].micros if pool else None,
        "pool_per": pool.get("per"),
        "weight": pool.get("weight"),
        "top": pool.get("top"),
        "on_shortfall": each.get("on_shortfall") or "wait",
    }


def get_version(session: Session, program_id: str, number: int) -> Version:
    """One version with its rules.

    Raises:
        NotFound: no such version.
    """
    found = [each for each in list_versions(session, program_id) if each.number == number]
    if not found:
        raise NotFound("not_found", f"No version {number} of program {program_id!r}.")
    return found[0]


def list_versions(session: Session, program_id: str) -> list[Version]:
    """A program's versions in the order of their numbers.

    Raises:
        NotFound: no such program.
    """
    currency, v = get_program(session, program_id).currency, program_version
    rows = session.execute(select(v).where(v.c.program == program_id).order_by(v.c.number)).all()
    rules = _rules(session, [row.id for row in rows], currency)
    return [
        Version(
            row.program,
            row.number,
            row.effective_from,
            row.state,
            rules.get(row.id, []),
            row.drafted_by,
            row.proposed_by,
            row.activated_by,
            row.activated_at,
        )
        for row in rows
    ]


def _rules(session: Session, versions: Sequence[int], currency: str) -> dict[int, list[dict[str, Any]]]:
    """By version. The row of rate protection was not drafted: the program's own days tell of it."""
    r = rule
    drafted = select(r).where(r.c.version_id.in_(versions), r.c.name != PROTECTION).order_by(r.c.id)
    rows = session.execute(drafted).all()
    cap = select(rule_cap).where(rule_cap.c.rule_id.in_([row.id for row in rows])).order_by(rule_cap.c.per)
    caps: dict[int, list[dict[str, Any]]] = {}
    for each in session.execute(cap):
        caps.setdefault(each.rule_id, []).append({"per": each.per, "amount": Money(each.amount, currency)})
    shown: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        shown.setdefault(row.version_id, []).append(_shown(row, caps.get(row.id), currency))
    return shown


def _shown(row: Row[Any], caps: list[dict[str, Any]] | None, currency: str) -> dict[str, Any]:
    """A rule as it may be drafted again; what it does not have is not there."""
    pool = row.pool and {
        "amount": Money(row.pool, currency),
        "per": row.pool_per,
        "weight": row.weight,
        "top": row.top,
    }
    told = {
        "name": row.name,
        "grain": row.grain,
        "where": row.where,
        "amount": row.amount,
        "pool": pool and {name: value for name, value in pool.items() if value is not None},
        "caps": caps,
        "on_shortfall": row.on_shortfall,
    }
    return {name: value for name, value in told.items() if value is not None}
