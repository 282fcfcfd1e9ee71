"""Release what has matured."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from rewards.release import release


def step(context: Context) -> dict[str, int]:
    """Up to 50,000 rewards."""
    with transaction(context.engine) as session:
        return {"rewards": release(session, context.now())}


JOB = Job("release", timedelta(seconds=30), step, "moves matured rewards from pending to available")
