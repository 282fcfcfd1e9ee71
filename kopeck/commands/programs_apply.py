"""programs apply: what a file says and the database lacks is made; what stands is left as it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from attribution import policies, read_policies
from attribution.tables import policy as policy_table
from core.clock import now
from core.database import transaction
from core.errors import Conflict
from core.settings import Settings, load_settings
from kopeck.database import application
from kopeck.programs_file import ProgramFile, VersionFile, read_program
from rewards.activate import activate_version
from rewards.diff import diff_versions
from rewards.pool_warnings import WARNINGS
from rewards.programs import NewProgram, create_program, get_program
from rewards.tables import program as program_table
from rewards.versions import Version, draft_version, list_versions

_POLICY = ("model", "scope", "click_window_hours", "view_window_hours")


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--by", "person", default="command line", show_default=True, help="Who drafts and activates.")
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of versions that name none; else today.",
)
@click.option("--activate", "start", is_flag=True, help="Activate what is drafted.")
@click.option("--confirm", multiple=True, type=click.Choice(WARNINGS), help="Accept this warning.")
def apply(
    files: tuple[Path, ...], person: str, since: datetime | None, start: bool, confirm: tuple[str, ...]
) -> None:
    """Make the programs of FILES, with their policies and versions. A second time it changes nothing.

    Rules that differ from the last version's are drafted as a new version, and what they change is told. What a program
    is does not change: another fund, currency or hold is refused. All files or none.
    """
    settings, at, wanted = load_settings(), now(), [read_program(file) for file in files]
    with application(settings) as (engine, _), transaction(engine) as session:
        day = since.date() if since else at.astimezone(settings.zone).date()
        run = _Run(session, person, day, start, confirm, at, settings)
        told = [line for each in wanted for line in _apply(run, each)]
    for line in told:
        click.echo(line)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command: who, when, and how far."""

    session: Session
    person: str
    since: date
    start: bool
    confirm: tuple[str, ...]
    at: datetime
    settings: Settings


def _apply(run: _Run, wanted: ProgramFile) -> Iterator[str]:
    """What was done about one file, a sentence each.

    Raises:
        Conflict: `policy_differs`, `program_differs`.
    """
    if wanted.policy is not None:
        yield _policy(run, wanted.policy)
    yield _program(run, wanted.program)
    yield from _versions(run, wanted.program.id, wanted.versions)


def _policy(run: _Run, wanted: Mapping[str, Any]) -> str:
    name, session = wanted["id"], run.session
    if not session.scalar(select(exists().where(policy_table.c.id == name))):
        rest = {part: wanted[part] for part in _POLICY}
        policies.add_version(
            session,
            name,
            **rest,
            effective_from=wanted["effective_from"] or run.at,
            by=run.person,
            now=run.at,
        )
        return f"policy {name}: made"
    last = read_policies.get_policy(session, name, run.at).versions[-1]
    for part in _POLICY:
        if getattr(last, part) != wanted[part]:
            told = f"{part} is {getattr(last, part)}, and {wanted[part]} in the file"
            raise Conflict(
                "policy_differs", f"Policy {name}: {told}. Post a version of the policy, or name another."
            )
    return f"policy {name}: stands"


def _program(run: _Run, wanted: NewProgram) -> str:
    if not run.session.scalar(select(exists().where(program_table.c.id == wanted.id))):
        create_program(run.session, wanted)
        return f"program {wanted.id}: made"
    known = get_program(run.session, wanted.id)
    for part in (each.name for each in fields(NewProgram)):
        have, want = getattr(known, part), getattr(wanted, part)
        if have != want:
            told = f"{part} is {have}, and {want} in the file"
            raise Conflict(
                "program_differs",
                f"Program {wanted.id}: {told}. What a program is never changes; make one with another id.",
            )
    return f"program {wanted.id}: stands"


def _versions(run: _Run, program: str, wanted: list[VersionFile]) -> Iterator[str]:
    """The file's versions in order, from the one that the program's last version is."""
    known = list_versions(run.session, program)
    same = max((n for n, each in enumerate(wanted) if known and _same(each, known[-1])), default=-1)
    if same >= 0:
        yield from _standing(run, known[-1])
    for each in wanted[same + 1 :] if same >= 0 or not known else wanted[-1:]:
        yield from _draft(run, program, each)


def _standing(run: _Run, last: Version) -> Iterator[str]:
    if run.start and last.state == "draft":
        yield from _activate(run, last)
    else:
        yield f"version {last.number}: stands ({last.state}, from {last.effective_from})"


def _draft(run: _Run, program: str, wanted: VersionFile) -> Iterator[str]:
    made = draft_version(run.session, program, wanted.effective_from or run.since, wanted.rules, run.person)
    yield f"version {made.number}: drafted, from {made.effective_from}"
    yield from (f"  {each}" for each in diff_versions(run.session, program, made.number).changes)
    if run.start:
        yield from _activate(run, made)


def _activate(run: _Run, made: Version) -> Iterator[str]:
    started = activate_version(
        run.session, made.program, made.number, run.person, run.at, run.settings, run.confirm
    )
    told = "another person must approve it" if started.state == "proposed" else "active"
    yield f"version {made.number}: {told}, from {made.effective_from}"


def _same(wanted: VersionFile, known: Version) -> bool:
    """The same rules? Where the file names a day, the same day, too."""
    if wanted.effective_from not in (None, known.effective_from):
        return False
    return [_plain(each) for each in wanted.rules] == [_plain(each) for each in known.rules]


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule says, however it is written: nothing is nothing, and caps have no order."""
    told = {"on_shortfall": "wait"} | {part: value for part, value in rule.items() if value not in (None, [])}
    if "caps" in told:
        told["caps"] = sorted(told["caps"], key=lambda cap: cap["per"])
    return told
