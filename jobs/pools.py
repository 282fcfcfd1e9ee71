"""Split pools whose periods are final."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from rewards.pool import split_pools


def step(context: Context) -> dict[str, int]:
    """One pool of one period."""
    with transaction(context.engine) as session:
        return {"pools": split_pools(session, context.now(), context.settings)}


JOB = Job("split_pools", timedelta(minutes=1), step, "shares out the pools of days and months that are final")
