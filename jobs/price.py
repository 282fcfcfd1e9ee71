"""Price what changed."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from rewards.price import price


def step(context: Context) -> dict[str, int]:
    """Up to 50,000 changed days and as many purchases."""
    with transaction(context.engine) as session:
        return {"changes": price(session, context.now(), context.settings)}


JOB = Job("price", timedelta(seconds=5), step, "computes what programs owe for days and sales that changed")
