"""What a job is, and what a step of it is given."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from core import clock
from core.secrets import Vault
from core.settings import Settings
from jobs.periods import check_every

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def _ignore(message: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every step stands on. `progress` takes a sentence for the person who watches, if anybody does."""

    engine: Engine
    settings: Settings
    vault: Vault
    now: Callable[[], datetime] = clock.now
    progress: Callable[[str], None] = _ignore


Step = Callable[[Context], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Job:
    """Something that the scheduler does again and again.

    `every` is an interval, or "daily" (as the service's day begins), or "daily 03:30". `step` does a bounded amount
    of work in transactions of its own and counts what it did: {} or zeros mean that nothing was left. It is called
    until then, may be killed at any moment and is called again, so a repeat must be harmless.
    """

    name: str
    every: timedelta | str
    step: Step
    about: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a job's name: small letters, digits and _")
        check_every(self.every)

    @property
    def frequent(self) -> bool:
        """Does it come by so often that a run which found nothing is not worth a row?"""
        return isinstance(self.every, timedelta)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the machinery is; in seconds. The tests hurry, the service does not."""

    lease: float = 120.0  # a run that gave no sign of life for so long is taken over
    first_retry: float = 30.0  # pause after the first failure; it doubles with each
    last_retry: float = 900.0  # and stays here
    rounds: int = 1000  # steps of one run, after which the job waits for its next period
    look: float = 10.0  # how often a job is looked at, at least; more often if its interval is shorter
    tick: float = 2.0  # how often the leader says that it lives, and another tries to become it
    patience: float = 30.0  # how long a stop waits for steps that run

    def retry_after(self, attempt: int) -> float:
        """Seconds from the failure of that attempt to the next; `jobs.claim` says the same in SQL."""
        return min(self.first_retry * 2.0 ** min(attempt - 1, 20), self.last_retry)
