"""Reserve what is payable for the payout runs that were asked for."""

from datetime import timedelta

from core.database import transaction
from core.errors import Refused
from jobs.job import Context, Job
from payouts.draft import draft_chunk


def step(context: Context) -> dict[str, int]:
    """One chunk of a run. A balance that moved meanwhile undoes the chunk, and the next call chooses anew."""
    try:
        with transaction(context.engine) as session:
            progress = draft_chunk(session, context.now())
    except Refused as refused:
        if refused.code != "insufficient_funds":
            raise
        return {"retried": 1}
    return {} if progress is None else {"chunks": 1, "payouts": progress.added}


JOB = Job("draft_payouts", timedelta(seconds=2), step, "reserves the payouts of runs that were asked for")
