"""What stops sending, besides books that differ: a key that is refused, a halted ledger."""

from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.errors import Unavailable
from ledger.halt import refuse_if_halted
from payouts.stripe.circuit import PROBE_EVERY, circuit_opened, close_circuit, open_circuit
from payouts.stripe.outcome import outcome_of


def may_call(engine: Engine, client: StripeClient, now: datetime) -> bool:
    """Does Stripe accept our key, as far as we know? After a refusal it is asked again, once a minute."""
    with transaction(engine) as session:
        refused_at = circuit_opened(session)
    if refused_at is None:
        return True
    if now - refused_at < PROBE_EVERY:
        return False
    try:
        client.v1.balance.retrieve()
    except Exception as error:
        with transaction(engine) as session:
            open_circuit(session, outcome_of(error).detail, now)
        return False
    with transaction(engine) as session:
        close_circuit(session, now)
    return True


def is_halted(session: Session) -> bool:
    """Is a finding of the books' own checks not acknowledged? Then nothing leaves."""
    try:
        refuse_if_halted(session)
    except Unavailable:
        return True
    return False
