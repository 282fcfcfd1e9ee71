"""Turn refunds into negative shares."""

from datetime import timedelta

from attribution.take_back import take_back
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 50,000 refunds."""
    with transaction(context.engine) as session:
        return {"refunds": take_back(session)}


JOB = Job("take_back", timedelta(seconds=5), step, "takes refunded parts of shares back")
