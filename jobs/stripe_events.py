"""Handle Stripe's events: what webhooks and polls brought."""

from datetime import timedelta

from jobs.job import Context, Job
from payouts.stripe.client import stripe_client
from payouts.stripe.handle import handle_new


def step(context: Context) -> dict[str, int]:
    """A hundred events, each object in a transaction of its own. While Stripe does not answer, one try a run."""
    if not context.settings.stripe_api_key:
        return {}
    counts = handle_new(context.engine, stripe_client(context.settings), context.now)
    return {} if "waiting" in counts else counts


JOB = Job("stripe_events", timedelta(seconds=5), step, "handles the events that Stripe told of")
