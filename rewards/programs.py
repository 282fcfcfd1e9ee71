"""Programs: a way to earn, and its versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from attribution.tables import policy as attribution_policy
from core.database import sql
from core.errors import Conflict, Invalid, NotFound, Refused
from core.settings import Settings
from rewards.check_rules import check_rules
from rewards.fund_tables import fund, fund_line
from rewards.lock import take_turn
from rewards.tables import program, program_version, rule


@dataclass(frozen=True, slots=True)
class Program:
    """A program. `policy` names the attribution policy; `hold_days` pass from the earning day's end to release."""

    id: str
    name: str
    currency: str
    funding: dict[str, str]
    policy: str
    hold_days: int
    open: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A set of rules with a start date; frozen once active."""

    program: str
    number: int
    effective_from: date
    state: str
    rules: list[dict[str, Any]]
    drafted_by: str
    activated_by: str | None
    activated_at: datetime | None


def create_program(
    session: Session,
    program_id: str,
    name: str,
    currency: str,
    fund_id: str,
    line: str,
    policy: str,
    hold_days: int,
    open_to: str,
) -> Program:
    """A new program without a version: nobody earns yet.

    Raises:
        Invalid: `unknown_reference` (fund, line or policy), `wrong_currency`.
        Conflict: `program_exists`.
    """
    found = session.execute(
        select(fund.c.currency)
        .join(fund_line, fund_line.c.fund == fund.c.id)
        .where(fund.c.id == fund_id, fund_line.c.id == line)
    ).one_or_none()
    if found is None:
        raise Invalid("unknown_reference", f"No line {line!r} in a fund {fund_id!r}.", pointer="/funding")
    if found.currency != currency:
        raise Invalid("wrong_currency", f"The fund is in {found.currency}.", pointer="/currency")
    if not session.scalar(select(exists().where(attribution_policy.c.id == policy))):
        raise Invalid("unknown_reference", f"No attribution policy {policy!r}.", pointer="/policy")
    made = insert(program).values(
        id=program_id,
        name=name,
        currency=currency,
        fund=fund_id,
        line=line,
        policy=policy,
        hold_days=hold_days,
        open=open_to,
    )
    if session.execute(made.on_conflict_do_nothing().returning(program.c.id)).first() is None:
        raise Conflict("program_exists", f"There is a program {program_id!r} already.")
    return get_program(session, program_id)


def _program(row: Any) -> Program:
    return Program(
        row.id,
        row.name,
        row.currency,
        {"fund": row.fund, "line": row.line},
        row.policy,
        row.hold_days,
        row.open,
        row.created_at,
    )


def get_program(session: Session, program_id: str) -> Program:
    """A program.

    Raises:
        NotFound: no such program.
    """
    row = session.execute(select(program).where(program.c.id == program_id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No program {program_id!r}.")
    return _program(row)


def list_programs(session: Session, limit: int, after: str | None) -> list[Program]:
    """Programs by id."""
    query = select(program).where(program.c.id > (after or "")).order_by(program.c.id).limit(limit)
    return [_program(row) for row in session.execute(query)]


def _lock(session: Session, program_id: str) -> None:
    """Lock the program's rows of this table: versions are numbered and started one at a time."""
    get_program(session, program_id)
    session.execute(sql("rewards", "lock_program"), {"program": program_id})


def draft_version(
    session: Session, program_id: str, effective_from: date, rules: Sequence[Mapping[str, Any]], person: str
) -> Version:
    """A draft, numbered from 1.

    Raises:
        NotFound: no such program.
        Invalid: what `check_rules` raises.
    """
    _lock(session, program_id)
    check_rules(rules)
    last = session.scalar(
        select(func.max(program_version.c.number)).where(program_version.c.program == program_id)
    )
    number = (last or 0) + 1
    version_id = session.scalar(
        program_version.insert()
        .values(program=program_id, number=number, effective_from=effective_from, drafted_by=person)
        .returning(program_version.c.id)
    )
    session.execute(
        rule.insert(),
        [
            {
                "version_id": version_id,
                "name": each["name"],
                "grain": each["grain"],
                "where": each.get("where"),
                "amount": each["amount"],
            }
            for each in rules
        ],
    )
    return get_version(session, program_id, number)


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
    get_program(session, program_id)
    rows = session.execute(
        select(program_version)
        .where(program_version.c.program == program_id)
        .order_by(program_version.c.number)
    ).all()
    rules = session.execute(
        select(rule).where(rule.c.version_id.in_([row.id for row in rows])).order_by(rule.c.id)
    ).all()
    return [
        Version(
            row.program,
            row.number,
            row.effective_from,
            row.state,
            [_rule(each) for each in rules if each.version_id == row.id],
            row.drafted_by,
            row.activated_by,
            row.activated_at,
        )
        for row in rows
    ]


def _rule(row: Any) -> dict[str, Any]:
    shown = {"name": row.name, "grain": row.grain, "amount": row.amount}
    return shown if row.where is None else shown | {"where": row.where}


def activate_version(
    session: Session, program_id: str, number: int, person: str, now: datetime, settings: Settings
) -> Version:
    """Freeze a draft and let it count from its date.

    The first version may start in the past: all facts since then are queued for pricing. Later ones start in the
    future, so that no day is ever computed by two versions.

    Raises:
        NotFound: no such version.
        Refused: `version_not_draft`, `version_in_the_past`, `version_date_taken`.
    """
    _lock(session, program_id)
    version = get_version(session, program_id, number)
    if version.state != "draft":
        raise Refused(
            "version_not_draft", f"Version {number} is {version.state}; a started version never changes."
        )
    active = [each.effective_from for each in list_versions(session, program_id) if each.state == "active"]
    if version.effective_from in active:
        raise Refused("version_date_taken", "Another version starts on that day.")
    if active and version.effective_from <= now.astimezone(settings.zone).date():
        raise Refused("version_in_the_past", "Only the first version may start today or earlier.")

    take_turn(session)
    v = program_version
    session.execute(
        v.update()
        .where(v.c.program == program_id, v.c.number == number)
        .values(state="active", activated_by=person, activated_at=now)
    )
    if not active:
        since = {"program": program_id, "since": version.effective_from}
        session.execute(sql("rewards", "queue_days"), since)
        session.execute(sql("rewards", "queue_purchases"), since)
    return get_version(session, program_id, number)
