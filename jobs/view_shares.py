"""Look for contents of ended days that one viewer made most of the views of."""

from datetime import timedelta

from attribution.traffic import judge_day
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """One day."""
    with transaction(context.engine) as session:
        return judge_day(session, context.now(), context.settings)


JOB = Job("view_shares", timedelta(seconds=60), step, "judges the shares of views of days that ended")
