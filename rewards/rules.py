"""Rules: checked when they are drafted, compiled again from the frozen text when they are run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Invalid
from formula import Formula, compile_formula
from rewards.tables import program, program_version, rule

GRAINS = ("sale", "content_day", "creator_day")
MOST_RULES = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule with the days on which its version is in force: `since` <= day < `until` (None: open)."""

    id: int
    name: str
    grain: str
    where: Formula | None
    amount: Formula
    program: str
    policy: str
    currency: str
    open_to_all: bool
    since: date
    until: date | None


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Accept a version's rules, or say what is wrong with the first that is not right.

    Raises:
        Invalid: `bad_rules`, `bad_grain`, or a formula's own code, with the pointer to the field.
    """
    names = [each["name"] for each in rules]
    if not 1 <= len(rules) <= MOST_RULES or len(set(names)) != len(names):
        raise Invalid(
            "bad_rules", f"A version has 1 to {MOST_RULES} rules, each with its own name.", pointer="/rules"
        )
    for i, each in enumerate(rules):
        if not _NAME.fullmatch(each["name"]):
            raise Invalid(
                "bad_rules", "A rule's name is a-z, 0-9 and _, from a letter.", pointer=f"/rules/{i}/name"
            )
        if each["grain"] not in GRAINS:
            raise Invalid("bad_grain", f"A grain is one of {', '.join(GRAINS)}.", pointer=f"/rules/{i}/grain")
        _check_formula(each["amount"], each["grain"], "number", f"/rules/{i}/amount")
        if each.get("where") is not None:
            _check_formula(each["where"], each["grain"], "boolean", f"/rules/{i}/where")


def _check_formula(text: str, grain: str, want: Any, pointer: str) -> None:
    try:
        compile_formula(text, grain, want)
    except Invalid as error:
        raise Invalid(error.code, error.detail, pointer=pointer, **error.fields) from None


def active_rules(session: Session) -> list[ActiveRule]:
    """Every rule of every active version, with its days; programs in order, so that a run is repeatable."""
    rows = session.execute(
        select(
            rule.c.id,
            rule.c.name,
            rule.c.grain,
            rule.c.where,
            rule.c.amount,
            program.c.id.label("program"),
            program.c.policy,
            program.c.currency,
            program.c.open,
            program_version.c.effective_from.label("since"),
        )
        .join(program_version, program_version.c.id == rule.c.version_id)
        .join(program, program.c.id == program_version.c.program)
        .where(program_version.c.state == "active")
        .order_by(program.c.id, program_version.c.effective_from, rule.c.id)
    ).all()
    return [_active(row, _ends(row, rows)) for row in rows]


def _ends(row: Any, rows: Sequence[Any]) -> date | None:
    later = [other.since for other in rows if other.program == row.program and other.since > row.since]
    return min(later, default=None)


def _active(row: Any, until: date | None) -> ActiveRule:
    return ActiveRule(
        row.id,
        row.name,
        row.grain,
        compile_formula(row.where, row.grain, "boolean") if row.where else None,
        compile_formula(row.amount, row.grain),
        row.program,
        row.policy,
        row.currency,
        row.open == "all",
        row.since,
        until,
    )
