"""Programs: ways to earn. But for who may join, a program never changes; how it pays stands in its versions."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from attribution.tables import policy as attribution_policy
from core.errors import Conflict, Invalid, NotFound
from core.money import known_currencies
from rewards.fund_tables import fund, fund_line
from rewards.tables import program

MOST_TERMS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProgram:
    """What a program is made of. `fund` and `line` None: the sellers pay.

    `policy` names the attribution policy; `hold_days` pass from the earning day's end to release. Who may join:
    `regions` (None: everywhere), `min_followers`, `rollout_percent` of the creators; `terms` names the version that who
    joins accepts.
    """

    id: str
    name: str
    currency: str
    open: str
    fund: str | None = None
    line: str | None = None
    policy: str = "default"
    hold_days: int = 14
    regions: list[str] | None = None
    min_followers: int | None = None
    rollout_percent: int | None = None
    terms: str | None = None
    rate_protection_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(NewProgram):
    """A program as it stands."""

    created_at: datetime

    @property
    def funding(self) -> dict[str, Any]:
        """Who pays, as it was given: {fund, line} or {seller: true}."""
        return {"seller": True} if self.fund is None else {"fund": self.fund, "line": self.line}

    @property
    def eligibility(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in ("regions", "min_followers", "rollout_percent")}


def create_program(session: Session, new: NewProgram) -> Program:
    """A new program without a version: nobody earns yet.

    Raises:
        Invalid: `unknown_reference` (fund, line or policy), `wrong_currency`, `unknown_currency`,
            `eligibility_needs_enrolment`.
        Conflict: `program_exists`.
    """
    _check_funding(session, new)
    _check_joining(new)
    if not session.scalar(select(exists().where(attribution_policy.c.id == new.policy))):
        raise Invalid("unknown_reference", f"No attribution policy {new.policy!r}.", pointer="/policy")
    made = insert(program).values({each.name: getattr(new, each.name) for each in fields(new)})
    if session.execute(made.on_conflict_do_nothing().returning(program.c.id)).first() is None:
        raise Conflict("program_exists", f"There is a program {new.id!r} already.")
    return get_program(session, new.id)


def change_joining(
    session: Session,
    program_id: str,
    *,
    regions: list[str] | None,
    min_followers: int | None,
    rollout_percent: int | None,
    terms: str | None,
) -> Program:
    """Set anew who may join from now on, and to which terms. Who is a member stays one.

    Raises:
        NotFound: no such program.
        Invalid: `eligibility_needs_enrolment`.
    """
    known = get_program(session, program_id)
    values = {
        "regions": regions,
        "min_followers": min_followers,
        "rollout_percent": rollout_percent,
        "terms": terms,
    }
    _check_joining(replace(known, **values))  # type: ignore[arg-type]
    session.execute(program.update().where(program.c.id == program_id).values(**values))
    return get_program(session, program_id)


def _check_funding(session: Session, new: NewProgram) -> None:
    if new.currency not in known_currencies():
        told = f"{new.currency!r} is not an ISO 4217 currency code."
        raise Invalid("unknown_currency", told, pointer="/currency")
    if new.fund is None and new.line is None:
        return
    line = fund_line.c.fund == new.fund, fund_line.c.id == new.line
    found = session.scalar(
        select(fund.c.currency).join(fund_line, fund_line.c.fund == fund.c.id).where(*line)
    )
    if found is None:
        raise Invalid(
            "unknown_reference", f"No line {new.line!r} in a fund {new.fund!r}.", pointer="/funding"
        )
    if found != new.currency:
        raise Invalid("wrong_currency", f"The fund is in {found}.", pointer="/currency")


def _check_joining(new: NewProgram) -> None:
    """Conditions and terms are looked at when somebody joins, and nobody joins a program that is open to all."""
    asked = {
        "/eligibility": (new.regions, new.min_followers, new.rollout_percent),
        "/terms": (new.terms,),
    }
    for pointer, values in asked.items():
        if new.open == "all" and any(each is not None for each in values):
            told = (
                "Everyone is a member of a program that is open to all, without joining. "
                "Put conditions into the rules' `where`, or let creators apply."
            )
            raise Invalid("eligibility_needs_enrolment", told, pointer=pointer)


def get_program(session: Session, program_id: str) -> Program:
    """A program.

    Raises:
        NotFound: no such program.
    """
    row = session.execute(select(program).where(program.c.id == program_id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No program {program_id!r}.")
    return Program(**row._mapping)


def list_programs(session: Session, limit: int, after: str | None) -> list[Program]:
    """Programs by id."""
    query = select(program).where(program.c.id > (after or "")).order_by(program.c.id).limit(limit)
    return [Program(**row._mapping) for row in session.execute(query)]
