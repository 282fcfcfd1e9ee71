"""Ask for the payout runs whose day has come, as finance set it by currency."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from payouts.schedule import ask_for_due


def step(context: Context) -> dict[str, int]:
    """One currency."""
    with transaction(context.engine) as session:
        asked = ask_for_due(session, context.now(), context.settings.zone)
    if asked is None:
        return {}
    return {"days": 1, "runs": 0 if asked.run is None else 1}


JOB = Job("schedule_payouts", timedelta(minutes=5), step, "asks for the payout runs of the schedule")
