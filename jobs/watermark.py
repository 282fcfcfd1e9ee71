"""Note what is visible, so that the books can be asked as of any moment, to a few seconds."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from ledger.watermark import take_watermark


def step(context: Context) -> dict[str, int]:
    """One watermark, if there are entries that the last one did not see."""
    with transaction(context.engine) as session:
        return {"watermarks": int(take_watermark(session) is not None)}


JOB = Job(
    "watermark", timedelta(seconds=5), step, "notes which entries are visible, for answers as of a moment"
)
