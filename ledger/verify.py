"""Proofs: run checks over the whole books, in one snapshot of the caller's."""

from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.check import LIMIT, Check
from ledger.finding import Finding

CHECKS: tuple[Check, ...] = (
    Check("entry_unbalanced", "an entry's postings are all there and sum to zero"),
    Check("posting_astray", "every posting has its entry and account, of one currency, and its entry's day"),
    Check("account_twice", "an entry has one posting an account"),
    Check("booked_in_closed_period", "nothing was booked on a day after it was closed"),
    Check("running_balance_wrong", "versions have no gap, and each posting carries its account's balance on"),
    Check("balance_wrong", "every balance is the sum of its account's postings"),
    Check("floor_broken", "no account is below its floor"),
)


def _nobody(done: str) -> None:
    """Nobody watches."""


def run_checks(
    session: Session,
    checks: Sequence[Check],
    limit: int = LIMIT,
    progress: Callable[[str], None] = _nobody,
) -> list[Finding]:
    """Run every check; at most `limit` findings of each. An empty list: the books are proved.

    Each is one or few passes that hash or sort all postings, so it may use more memory than a request; what does not
    fit spills to disk. `progress` is told each check's name when it is through.
    """
    session.execute(text("SET LOCAL work_mem = '128MB'"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    found: list[Finding] = []
    for check in checks:
        found += check.findings(session, limit)
        progress(check.name)
    return found


def verify(session: Session, limit: int = LIMIT) -> list[Finding]:
    """The ledger's own checks."""
    return run_checks(session, CHECKS, limit)
