"""Count the touches of new batches."""

from contextlib import suppress
from datetime import timedelta

from attribution.tally import summarize, tally
from core.database import transaction
from core.errors import Unavailable
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 200 batches."""
    with transaction(context.engine) as session:
        batches = tally(session)
    if batches:
        with suppress(Unavailable), transaction(context.engine) as session:  # a vacuum at it does the same
            summarize(session)
    return {"batches": batches}


JOB = Job("tally", timedelta(seconds=2), step, "counts new views and clicks")
