"""Count the touches of new batches."""

from datetime import timedelta

from attribution.tally import tally
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 200 batches."""
    with transaction(context.engine) as session:
        return {"batches": tally(session)}


JOB = Job("tally", timedelta(seconds=2), step, "counts new views and clicks")
