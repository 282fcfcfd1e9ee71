"""Look for invalid traffic in new batches."""

from datetime import timedelta

from attribution.traffic import check_batches
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 100 batches."""
    with transaction(context.engine) as session:
        return check_batches(session, context.now(), context.settings)


JOB = Job("traffic", timedelta(seconds=5), step, "looks for invalid traffic in new batches")
