"""What one version changes against another, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from formula import compile_formula
from rewards.programs import Program, get_program
from rewards.say_rule import caps_of, parts_of, say_caps, say_rule
from rewards.versions import Version, get_version, list_versions

_FORMULAS = ("where", "amount", "weight")


@dataclass(frozen=True, slots=True)
class Diff:
    """`against` is None where nothing was in force before. A rule's change: added | removed | changed | same."""

    against: int | None
    version: int
    changes: list[str]
    rules: list[dict[str, Any]]


def diff_versions(session: Session, program_id: str, number: int, against: int | None = None) -> Diff:
    """Compare a version with another one, or with the one in force on the day before it starts.

    Raises:
        NotFound: no such program or version.
    """
    program = get_program(session, program_id)
    new = get_version(session, program_id, number)
    old = _before(session, new) if against is None else get_version(session, program_id, against)
    was = {each["name"]: each for each in old.rules} if old else {}
    now = {each["name"]: each for each in new.rules}
    rules, changes = [], _say_start(program, old, new)
    for name in [*now, *(name for name in was if name not in now)]:
        told = _say_change(was.get(name), now.get(name))
        changes += told
        rules.append(_change(name, was.get(name), now.get(name), told))
    return Diff(old.number if old else None, number, changes, rules)


def _before(session: Session, new: Version) -> Version | None:
    earlier = [
        each
        for each in list_versions(session, new.program)
        if each.state == "active" and each.effective_from < new.effective_from
    ]
    return max(earlier, key=lambda each: each.effective_from, default=None)


def _say_start(program: Program, old: Version | None, new: Version) -> list[str]:
    if old is None:
        return [f"The first version, from {new.effective_from}."]
    told = [f"It starts on {new.effective_from}; version {old.number} on {old.effective_from}."]
    if old.effective_from == new.effective_from:
        told = [f"It starts on {new.effective_from}, as version {old.number}."]
    days = program.rate_protection_days
    if days and old.effective_from < new.effective_from:
        told.append(f"For {days} days who was there before earns no less a day than by version {old.number}.")
    return told


def _change(
    name: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None, told: Sequence[str]
) -> dict[str, Any]:
    both = "changed" if told else "same"
    one = "added" if now else "removed"
    sides = {"was": was, "now": now}
    return {"name": name, "change": both if was and now else one} | {
        side: each for side, each in sides.items() if each
    }


def _say_change(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[str]:
    if was is None or now is None:
        standing = was or now or {}
        return [f"Rule {standing['name']} {'is new' if now else 'is gone; it was'}: {say_rule(standing)}."]
    told = [_say_part(part, *both) for part, both in _moved(was, now)]
    told += say_caps(caps_of(was), caps_of(now))
    return [f"Rule {now['name']}: {each}." for each in told]


def _moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, tuple[Any, Any]]]:
    old, new = parts_of(was), parts_of(now)
    both = {
        part: (old.get(part), new.get(part)) for part in [*old, *(part for part in new if part not in old)]
    }
    return [
        (part, (one, other))
        for part, (one, other) in both.items()
        if _meaning(part, was, one) != _meaning(part, now, other)
    ]


def _meaning(part: str, of: Mapping[str, Any], value: Any) -> Any:
    """Formulas that mean the same are no change, however they are written."""
    return compile_formula(value, of["grain"], None).tree if part in _FORMULAS and value else value


def _say_part(part: str, was: Any, now: Any) -> str:
    shown = [f"`{each}`" if part in _FORMULAS else str(each) for each in (was, now)]
    if was is None:
        return f"{part} is new: {shown[1]}"
    if now is None:
        return f"{part} was {shown[0]}, is gone"
    return f"{part} was {shown[0]}, is now {shown[1]}"
