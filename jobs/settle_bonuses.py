"""Settle bounties' bonuses."""

from datetime import timedelta

from bounties.bonus import settle_bonuses
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 1,000 claims whose days are final."""
    with transaction(context.engine) as session:
        return {"bonuses": settle_bonuses(session, context.now(), context.settings)}


JOB = Job("settle_bonuses", timedelta(minutes=5), step, "pays bounties' bonuses when their days are final")
