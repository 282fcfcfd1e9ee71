"""Make the partitions of touches ahead of time, so that no batch has to."""

from datetime import timedelta

from attribution.partitions import ensure_partitions
from jobs.job import Context, Job

AHEAD = 7


def step(context: Context) -> dict[str, int]:
    """Today's and those of the coming week."""
    today = context.now().astimezone(context.settings.zone).date()
    ensure_partitions(context.engine, [today + timedelta(days=n) for n in range(AHEAD)])
    return {}


JOB = Job("partitions", timedelta(hours=1), step, "makes room for the events of the coming week")
