"""Give every fund line what is due to it."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from rewards.allocate import allocate


def step(context: Context) -> dict[str, int]:
    """Allocate once in every fund; a repeat finds nothing due."""
    with transaction(context.engine) as session:
        return {"allocations": allocate(session, context.now(), context.settings)}


JOB = Job("allocate", timedelta(seconds=60), step, "gives every fund line what is due to it")
