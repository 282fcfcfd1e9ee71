"""Start a version: freeze its rules and let them count from its date, if need be by two people."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.money import MICROS
from core.people import same_person
from core.settings import Settings
from rewards.lock import take_turn
from rewards.pool_warnings import line_of, monthly, pool_warnings
from rewards.programs import Program
from rewards.rules import PROTECTION
from rewards.tables import program_version, rule
from rewards.versions import Version, get_version, list_versions, lock_program


def activate_version(
    session: Session,
    program_id: str,
    number: int,
    person: str,
    now: datetime,
    settings: Settings,
    confirm: Collection[str] = (),
) -> Version:
    """Freeze a draft and let it count from its date; where its line gets more a month than `activation_limit`, propose it.

    The first version may start in the past: all facts since then are queued for pricing. Later ones start in the
    future, so that no day is ever computed by two versions. `confirm` names the warnings that the person accepts.

    Raises:
        NotFound: no such version.
        Refused: `version_not_draft`, `version_in_the_past`, `version_date_taken`, `version_day_has_begun`,
            `needs_confirmation` with the warnings.
    """
    program = lock_program(session, program_id)
    version = get_version(session, program_id, number)
    if version.state != "draft":
        told = f"Version {number} is {version.state}; draft another one."
        raise Refused("version_not_draft", told, state=version.state)
    _check_start(session, version, now, settings)
    warnings = [each for each in pool_warnings(session, program, version) if each["code"] not in confirm]
    if warnings:
        told = " ".join(each["detail"] for each in warnings)
        raise Refused("needs_confirmation", f"{told} Confirm it to go on.", warnings=warnings)
    if _needs_another(session, program, version, settings):
        return _move(session, version, state="proposed", proposed_by=person)
    return _start(session, program, version, person, now)


def approve_version(
    session: Session, program_id: str, number: int, person: str, now: datetime, settings: Settings
) -> Version:
    """Activate what another person proposed, if it still may start on its date.

    Raises:
        NotFound: no such version.
        Refused: `version_not_proposed`, `own_version`, `version_in_the_past`, `version_date_taken`,
            `version_day_has_begun`.
    """
    program = lock_program(session, program_id)
    version = get_version(session, program_id, number)
    if version.state != "proposed":
        told = f"Version {number} is {version.state}; nobody has asked to activate it."
        raise Refused("version_not_proposed", told, state=version.state)
    if same_person(version.proposed_by, person):
        raise Refused("own_version", "Another person must approve what you proposed.")
    _check_start(session, version, now, settings)
    return _start(session, program, version, person, now)


def _check_start(session: Session, version: Version, now: datetime, settings: Settings) -> None:
    """May the version start on its date? No pricing runs from here to the end of the transaction."""
    take_turn(session)
    active = _active_days(session, version)
    if version.effective_from in active:
        raise Refused("version_date_taken", "Another version starts on that day.")
    if active and version.effective_from <= now.astimezone(settings.zone).date():
        raise Refused("version_in_the_past", "Only the first version may start today or earlier.")
    day = {"program": version.program, "day": version.effective_from}
    if active and session.scalar(sql("rewards", "day_has_begun"), day):
        told = "Something of that day, or of a later one, is priced by the version in force already; start later."
        raise Refused("version_day_has_begun", told)


def _active_days(session: Session, version: Version) -> list[Any]:
    versions = list_versions(session, version.program)
    return [each.effective_from for each in versions if each.state == "active"]


def _needs_another(session: Session, program: Program, version: Version, settings: Settings) -> bool:
    """Sellers' own money has no allocation to measure, so only a limit of 0 asks for another person."""
    limit = settings.activation_limit
    line = line_of(session, program)
    return limit == 0 or (line is not None and monthly(line, version.effective_from) > limit * MICROS)


def _start(session: Session, program: Program, version: Version, person: str, now: datetime) -> Version:
    first = not _active_days(session, version)
    if program.rate_protection_days:
        _add_protection(session, version)
    started = _move(session, version, state="active", activated_by=person, activated_at=now)
    since = {"program": program.id, "since": version.effective_from}
    if first:
        session.execute(text("SET LOCAL statement_timeout = '300s'"))  # it may start years back
        session.execute(sql("rewards", "queue_days"), since)
    # Of a later version too: a sale of its first minutes may have been looked at already, by rules that paid nothing.
    session.execute(sql("rewards", "queue_purchases"), since)
    return started


def _add_protection(session: Session, version: Version) -> None:
    """Also in the first: a version that is activated later may start earlier, and pay better, than this one."""
    of = select(program_version.c.id).where(
        program_version.c.program == version.program, program_version.c.number == version.number
    )
    row = {"version_id": of.scalar_subquery(), "name": PROTECTION, "grain": "creator_day"}
    session.execute(rule.insert().values(row))


def _move(session: Session, version: Version, **values: object) -> Version:
    v = program_version
    of = v.c.program == version.program, v.c.number == version.number
    session.execute(v.update().where(*of).values(**values))
    return get_version(session, version.program, version.number)
