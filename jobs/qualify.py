"""Count the qualified views of days that ended."""

from datetime import timedelta

from attribution.tally import qualify
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """One bounded portion of stale tallies."""
    with transaction(context.engine) as session:
        return {"tallies": qualify(session, context.now(), context.settings)}


JOB = Job("qualify", timedelta(seconds=60), step, "counts the qualified views of days that ended")
