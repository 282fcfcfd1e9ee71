"""Rules as they run: compiled again from the frozen text of every active version, with the days they are in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from formula import Formula, compile_formula
from rewards.tables import program, program_version, rule, rule_cap

PROTECTION = "rate_protection"  # the name of the row that makes good what a later version took


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a rule pays over a scope: creator_day | creator_month | program_day | program_month; in micros."""

    per: str
    amount: int

    @property
    def whole(self) -> bool:
        """Over all creators?"""
        return self.per.startswith("program")


@dataclass(frozen=True, slots=True)
class Pool:
    """An amount in micros, shared each day or month among the keys by weight; among the `top` of them, if given."""

    amount: int
    per: str
    weight: Formula
    top: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with the days on which its version is in force: `since` <= day < `until` (None: open).

    `amount` is None for a pool. From `until` to `shadow_until` it is still priced, unpaid, for rate protection.
    """

    id: int
    name: str
    grain: str
    where: Formula | None
    amount: Formula | None
    pool: Pool | None
    caps: tuple[Cap, ...]
    on_shortfall: str
    program: str
    version: int
    policy: str
    currency: str
    open_to_all: bool
    seller_funded: bool
    protection_days: int
    since: date
    until: date | None

    @property
    def protects(self) -> bool:
        """Is it the row of rate protection, which has no formula of its own?"""
        return self.name == PROTECTION

    @property
    def whole(self) -> bool:
        """Is it capped over all creators?"""
        return any(cap.whole for cap in self.caps)

    @property
    def shadow_until(self) -> date | None:
        """The day before which days after `until` are priced for rate protection; None: none are."""
        shadowed = self.until and self.protection_days and self.pool is None and self.grain != "creator_month"
        return self.until + timedelta(days=self.protection_days) if shadowed and self.until else None


def active_rules(session: Session, program_id: str | None = None) -> list[Rule]:
    """Every rule of every active version (of a program), with its days; in order, so that a run is repeatable.

    Rules of rate protection come last: they compare what the others found.
    """
    query = (
        select(
            rule,
            program_version.c.number.label("version"),
            program_version.c.effective_from,
            program.c.id.label("program"),
            program.c.fund,
            program.c.policy,
            program.c.currency,
            program.c.open,
            program.c.rate_protection_days,
        )
        .join(program_version, program_version.c.id == rule.c.version_id)
        .join(program, program.c.id == program_version.c.program)
        .where(program_version.c.state == "active")
        .order_by(rule.c.name == PROTECTION, program.c.id, program_version.c.effective_from, rule.c.id)
    )
    if program_id is not None:
        query = query.where(program.c.id == program_id)
    rows = session.execute(query).all()
    caps = session.execute(select(rule_cap).order_by(rule_cap.c.rule_id, rule_cap.c.per)).all()
    return [replace(_compiled(row, caps), until=_ends(row, rows)) for row in rows]


def _ends(row: Any, rows: Sequence[Any]) -> date | None:
    later = [
        other.effective_from
        for other in rows
        if other.program == row.program and other.effective_from > row.effective_from
    ]
    return min(later, default=None)


def _compiled(row: Any, caps: Sequence[Any]) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        grain=row.grain,
        where=compile_formula(row.where, row.grain, "boolean") if row.where else None,
        amount=compile_formula(row.amount, row.grain) if row.amount else None,
        pool=Pool(row.pool, row.pool_per, compile_formula(row.weight, row.grain), row.top)
        if row.pool
        else None,
        caps=tuple(Cap(cap.per, cap.amount) for cap in caps if cap.rule_id == row.id),
        on_shortfall=row.on_shortfall,
        program=row.program,
        version=row.version,
        policy=row.policy,
        currency=row.currency,
        open_to_all=row.open == "all",
        seller_funded=row.fund is None,
        protection_days=row.rate_protection_days,
        since=row.effective_from,
        until=None,
    )


def compile_rules(owner: Any, rules: Sequence[Mapping[str, Any]], since: date) -> list[Rule]:
    """Rules as they are drafted, in force from `since` on in the program of the row `owner`; they have no key."""
    return [
        Rule(
            id=0,
            name=each["name"],
            grain=each["grain"],
            where=compile_formula(each["where"], each["grain"], "boolean") if each.get("where") else None,
            amount=compile_formula(each["amount"], each["grain"]) if each.get("amount") else None,
            pool=_pool(each["pool"], each["grain"]) if each.get("pool") else None,
            caps=tuple(Cap(cap["per"], cap["amount"].micros) for cap in each.get("caps") or ()),
            on_shortfall=each.get("on_shortfall") or "wait",
            program=owner.id,
            version=0,
            policy=owner.policy,
            currency=owner.currency,
            open_to_all=owner.open == "all",
            seller_funded=owner.fund is None,
            protection_days=0,
            since=since,
            until=None,
        )
        for each in rules
    ]


def _pool(given: Mapping[str, Any], grain: str) -> Pool:
    weight = compile_formula(given["weight"], grain)
    return Pool(given["amount"].micros, given["per"], weight, given.get("top"))
