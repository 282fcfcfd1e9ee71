"""Ask Stripe what happened, so that nothing is missed when its webhooks do not come."""

from datetime import timedelta

from jobs.job import Context, Job
from payouts.stripe.client import stripe_client
from payouts.stripe.poll import poll_accounts, poll_events, poll_top_ups


def step(context: Context) -> dict[str, int]:
    """A window of events; with the last one, up to 100 accounts and every open top-up. A repeat changes nothing."""
    if not context.settings.stripe_api_key:
        return {}
    engine, client, now = context.engine, stripe_client(context.settings), context.now()
    counts = poll_events(engine, client, context.settings, now)
    if not counts["more"]:
        poll_accounts(engine, client, now)
        poll_top_ups(engine, client, now)
    return counts


JOB = Job("stripe_poll", timedelta(minutes=5), step, "asks Stripe what webhooks may not have told")
