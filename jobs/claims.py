"""What time does with claims: expiry, approval by silence, the end of a rejection."""

from datetime import timedelta

from bounties.overdue import approve_by_silence, end_rejections, expire_claims
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 5,000 claims of each kind."""
    now, done = context.now(), {}
    for name, act in (
        ("expired", expire_claims),
        ("approved", approve_by_silence),
        ("rejections ended", end_rejections),
    ):
        with transaction(context.engine) as session:
            done[name] = act(session, now, context.settings)
    return done


JOB = Job("claims", timedelta(seconds=15), step, "expires claims, approves what nobody reviewed in time")
