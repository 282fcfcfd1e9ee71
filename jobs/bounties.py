"""Open bounties at their time and close them at their deadline."""

from datetime import timedelta

from bounties.close import close_due
from bounties.open import due_openings, open_due
from core.database import transaction
from jobs.job import Context, Job


def step(context: Context) -> dict[str, int]:
    """Up to 100 to open, each in a transaction of its own, and 200 to close."""
    now, settings = context.now(), context.settings
    with transaction(context.engine) as session:
        due = due_openings(session, now)
    opened = 0
    for key in due:
        with transaction(context.engine) as session:
            opened += open_due(session, key, now, settings)
    with transaction(context.engine) as session:
        closed = close_due(session, now, settings)
    return {"opened": opened, "closed": closed}


JOB = Job(
    "bounties", timedelta(seconds=15), step, "opens bounties at their time, closes them at their deadline"
)
