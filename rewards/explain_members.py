"""Was the creator a member when it counted? Said with the intervals in which it was one."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from rewards.explain_story import Asked
from rewards.rules import Rule

_STATES = {
    "applied": "It has applied and waits to be approved.",
    "invited": "It is invited and has not accepted yet.",
    "rejected": "Its application was rejected.",
    "suspended": "It is suspended.",
    "left": "It has left the program.",
}


def member_at(asked: Asked, rule: Rule, moment: datetime) -> bool:
    """A sale earns for a member at the purchase."""
    return rule.open_to_all or any(
        each.since <= moment and (each.until is None or each.until > moment) for each in asked.intervals
    )


def member_during(asked: Asked, rule: Rule, first: date, last: date) -> bool:
    """A day or month earns for a member at any moment of it."""
    start, end = _start(asked, first), _start(asked, last + timedelta(days=1))
    return rule.open_to_all or any(
        each.since < end and (each.until is None or each.until > max(start, each.since))
        for each in asked.intervals
    )


def _start(asked: Asked, day: date) -> datetime:
    return datetime.combine(day, time(), asked.settings.zone)


def say_no_member(asked: Asked, when: str) -> Iterator[str]:
    """Why there is no membership, and which there were."""
    yield f"The creator was not a member of program {asked.owner.id} {when}."
    for each in asked.intervals:
        until = "" if each.until is None else f" until {_moment(asked, each.until)}"
        yield f"It was a member from {_moment(asked, each.since)}{until}."
    if asked.state in _STATES:
        yield _STATES[asked.state]
    elif not asked.intervals:
        yield "It never joined."


def _moment(asked: Asked, moment: datetime) -> str:
    return f"{moment.astimezone(asked.settings.zone):%Y-%m-%d %H:%M}"
