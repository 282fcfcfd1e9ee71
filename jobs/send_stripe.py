"""Send approved payouts by Stripe."""

from datetime import timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from core.database import transaction
from jobs.job import Context, Job
from payouts.attempts import plan_attempts
from payouts.claim import claim_ready
from payouts.differences import stopped_currencies
from payouts.stripe.brake import Brake
from payouts.stripe.client import stripe_client
from payouts.stripe.deliver import Way, deliver_due
from payouts.stripe.guard import may_call

_brakes: WeakKeyDictionary[Engine, Brake] = WeakKeyDictionary()


def way_of(context: Context) -> Way:
    """How this process reaches Stripe; sending and looking up share one brake."""
    brake = _brakes.setdefault(context.engine, Brake())
    client = stripe_client(context.settings)
    return Way(context.engine, client, context.now, context.settings.payout_workers, brake)


def step(context: Context) -> dict[str, int]:
    """Plan a run, then deliver for some seconds. Without a key of Stripe's nothing is planned or sent."""
    if not context.settings.stripe_api_key:
        return {}
    with transaction(context.engine) as session:
        planned = plan_attempts(session, context.now())
    way = way_of(context)
    if not may_call(way.engine, way.client, context.now()):
        return {}
    with transaction(context.engine) as session:
        stopped = stopped_currencies(session, context.settings.reconciliation_limit)
    sent = deliver_due(
        way, lambda session, now, size: claim_ready(session, context.vault, now, size, stopped)
    )
    return dict(sent) | ({"runs": 1, "planned": planned} if planned is not None else {})


JOB = Job("send_stripe", timedelta(seconds=2), step, "sends approved payouts by Stripe")
