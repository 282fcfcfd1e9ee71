"""Backtest: what rules would have cost over stored history, beside what was in force. Writes nothing to the ledger.

The facts are read month by month into temp tables and leave them as sums by creator and day, so that memory stays flat.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.settings import Settings
from rewards.backtest_result import summarize
from rewards.backtest_store import Backtest, keep
from rewards.check_rules import check_rules
from rewards.figures import fill_due
from rewards.price import first_open_day
from rewards.programs import Program, get_program
from rewards.rules import active_rules, compile_rules
from rewards.tables import membership
from rewards.trial import NEW, OLD, Span, Tried, make_trial, try_plain
from rewards.trial_caps import by_month, try_keys
from rewards.versions import get_version

MOST_DAYS = 366
# A month of figures is joined by hashing, in memory. How many keys are distinct the planner guesses too low, and would
# look each of them up by an index, which took 1.4 times as long.
_BY_HASHING = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off"

Rules = Sequence[Mapping[str, Any]]
Progress = Callable[[Span], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try: a version's number, or rules as they would be drafted, on the days from `since` to `until`."""

    program: str
    since: date
    until: date
    version: int | None = None
    rules: Rules | None = None


def backtest(
    session: Session,
    trial: Trial,
    person: str,
    now: datetime,
    settings: Settings,
    progress: Progress = lambda span: None,
) -> Backtest:
    """Try rules over days that are over, compare them with the versions in force, and keep the result.

    Members are who they were; a program that never had a member is tried as if everyone were one. A pool or a month
    counts when it lies wholly within the days. `progress` hears of each month before it is read.

    Raises:
        NotFound: no such program or version.
        Invalid: `bad_trial` (neither or both of version and rules), `bad_range`, and what `check_rules` raises.
    """
    _check_days(trial, now, settings)
    program = get_program(session, trial.program)
    rules = _rules(session, program, trial)
    everyone = program.open == "all" or not session.scalar(
        select(exists().where(membership.c.program == program.id))
    )
    make_trial(session)
    session.execute(text(_BY_HASHING))
    _read(session, _tried(session, program, rules, trial.since, everyone), program.policy, trial, progress)
    session.execute(text("ANALYZE trial"))
    result = summarize(session, program, trial.since, trial.until, everyone, now, settings)
    return keep(session, trial, rules, result, person)


def spans(since: date, until: date, back: bool = False) -> Iterator[Span]:
    """The days by months; `back`: the first is read from the beginning of its month."""
    first = since
    while first <= until:
        last = min((first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1), until)
        yield Span(first, last, first.replace(day=1) if back else first)
        first = last + timedelta(days=1)


def _check_days(trial: Trial, now: datetime, settings: Settings) -> None:
    if (trial.version is None) == (trial.rules is None):
        raise Invalid("bad_trial", "Name a version or give rules, one of the two.", pointer="/rules")
    if not trial.since <= trial.until < trial.since + timedelta(days=MOST_DAYS):
        told = f"Try 1 to {MOST_DAYS} days, the first not after the last."
        raise Invalid("bad_range", told, pointer="/from")
    if trial.until >= first_open_day(now, settings):
        raise Invalid("bad_range", "Try days that are over.", pointer="/to")


def _rules(session: Session, program: Program, trial: Trial) -> Rules:
    if trial.version is not None:
        return get_version(session, program.id, trial.version).rules
    assert trial.rules is not None
    check_rules(trial.rules, program.currency, seller_funded=program.fund is None)
    return trial.rules


def _tried(session: Session, program: Program, rules: Rules, since: date, everyone: bool) -> list[Tried]:
    """Both sides. What older versions still promise is no part of what was in force."""
    new = [Tried(NEW, each) for each in compile_rules(program, rules, since)]
    old = [Tried(OLD, each) for each in active_rules(session, program.id) if not each.protects]
    return [
        Tried(each.side, replace(each.rule, protection_days=0, open_to_all=everyone)) for each in [*new, *old]
    ]


def _read(session: Session, tried: Sequence[Tried], policy: str, trial: Trial, progress: Progress) -> None:
    back = any(each.side == OLD and by_month(each.rule) for each in tried)
    for span in spans(trial.since, trial.until, back):
        progress(span)
        fill_due(session, policy, span.read, span.last)
        now = [each for each in tried if _in_force(each, span)]
        try_plain(session, [each for each in now if _plain(each)], span)
        for each in now:
            if not _plain(each):
                try_keys(session, each, span)


def _plain(each: Tried) -> bool:
    return not each.rule.caps and each.rule.pool is None


def _in_force(each: Tried, span: Span) -> bool:
    """On some day of the span? (A month's rule may be, and its month not; then it finds nothing.)"""
    return each.rule.since <= span.last and not (each.rule.until and each.rule.until <= span.first)
