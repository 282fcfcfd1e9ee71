"""Attribute anew what suspects changed."""

from datetime import timedelta

from attribution.reattribute import reattribute
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 10,000 purchases."""
    with transaction(context.engine) as session:
        return {"purchases": reattribute(session)}


JOB = Job(
    "reattribute", timedelta(seconds=5), step, "attributes anew what doubted or cleared touches changed"
)
