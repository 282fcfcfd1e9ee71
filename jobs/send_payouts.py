"""Send approved payout runs: for the manual provider, put them on the register that finance pays from."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from payouts.send import send_manual


def step(context: Context) -> dict[str, int]:
    """One run."""
    with transaction(context.engine) as session:
        sent = send_manual(session, context.now(), context.settings.reconciliation_limit)
    return {} if sent is None else {"runs": 1, "payouts": sent.sent, "held": sent.held}


JOB = Job("send_payouts", timedelta(seconds=5), step, "sends what finance approved")
