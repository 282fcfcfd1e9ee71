"""Say which fund lines are running out."""

from datetime import timedelta

import structlog

from core.database import transaction
from jobs.job import Context, Job
from rewards.warnings import warn

log = structlog.get_logger()


def step(context: Context) -> dict[str, int]:
    """Warn once of every line, period and level. Said before it is committed: rather twice than never."""
    with transaction(context.engine) as session:
        warned = warn(session, context.now(), context.settings)
        for each in warned:
            dry = each.dry_on and each.dry_on.isoformat()
            log.warning(
                "fund line running out", fund=each.fund, line=each.line, percent=each.percent, dry_on=dry
            )
    return {"warnings": len(warned)}


JOB = Job("fund_warnings", timedelta(seconds=60), step, "warns of fund lines that are nearly spent")
