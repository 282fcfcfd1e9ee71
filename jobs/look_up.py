"""Look up at Stripe what became of payouts that nobody knows of, and ask back what finance wants back."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from jobs.send_stripe import way_of
from payouts.claim import claim_doubtful
from payouts.differences import stopped_currencies
from payouts.stripe.deliver import deliver_due
from payouts.stripe.guard import may_call
from payouts.stripe.reverse import reverse_due


def step(context: Context) -> dict[str, int]:
    """Deliver for some seconds, beside the sending of others. Looking up goes on while sending is stopped."""
    if not context.settings.stripe_api_key:
        return {}
    way = way_of(context)
    if not may_call(way.engine, way.client, context.now()):
        return {}
    with transaction(context.engine) as session:
        stopped = stopped_currencies(session, context.settings.reconciliation_limit)
    looked = deliver_due(
        way, lambda session, now, size: claim_doubtful(session, context.vault, now, size, stopped)
    )
    return dict(looked + reverse_due(way))


JOB = Job("look_up_payouts", timedelta(seconds=5), step, "looks up payouts whose outcome is unknown")
