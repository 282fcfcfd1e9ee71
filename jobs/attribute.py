"""Attribute purchases that are ready."""

from datetime import timedelta

from attribution.attribute import attribute
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 500,000 purchases a policy."""
    with transaction(context.engine) as session:
        return {"purchases": attribute(session, context.now(), context.settings)}


JOB = Job("attribute", timedelta(seconds=5), step, "gives purchases to the contents that led to them")
