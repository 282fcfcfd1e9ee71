"""Post target minus posted."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from rewards.accrue import accrue


def step(context: Context) -> dict[str, int]:
    """Up to 50,000 rewards a fund line."""
    with transaction(context.engine) as session:
        return {"rewards": accrue(session, context.now(), context.settings)}


JOB = Job(
    "accrue", timedelta(seconds=5), step, "posts what is owed and not yet posted, as far as the funds go"
)
