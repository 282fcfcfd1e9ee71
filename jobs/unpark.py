"""Admit parked events whose reference is known by now, and drop touches that waited too long."""

from datetime import timedelta

from attribution.unpark import unpark
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 20,000 parked events; a purchase that is admitted may free its refunds for the next call."""
    with transaction(context.engine) as session:
        done = unpark(session, context.now(), context.settings)
    return {"admitted": done.taken, "dropped": done.dropped}


JOB = Job("unpark", timedelta(seconds=10), step, "admits parked events whose reference arrived")
