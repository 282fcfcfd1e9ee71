"""Record many confirmed attempts of one run at once: the same as `record` of each, in a tenth of the time.

Every settling takes its run's lock, so workers that record one by one wait for each other, commit by commit. What is not
settled here (another worker's by now, paid already by another word) is left to `record`, which says why.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import sql
from ledger import accounts
from ledger.post import open_accounts
from payouts.attempt import Work
from payouts.payable import IN_TRANSIT
from payouts.record import PROVIDER
from payouts.send_tables import payout_attempt
from payouts.store import day_of, end_run
from payouts.stripe.outcome import Outcome
from payouts.tables import payout, payout_run

Done = tuple[Work, Outcome]


def record_paid(session: Session, done: Sequence[Done], now: datetime) -> set[int]:
    """Settle confirmed attempts of one run of which nothing was taken back; the attempts that were settled.

    Locks the run, then payouts and attempts in their order. Each entry holds one creator's account in transit and the
    bank's; no other posting takes both of them for the same payout, whose lock is ours.
    """
    first, run = done[0][0], done[0][0].run_key
    session.execute(select(payout_run.c.id).where(payout_run.c.id == run).with_for_update())
    for table, ids in (
        (payout, [work.payout_key for work, _ in done]),
        (payout_attempt, [work.attempt for work, _ in done]),
    ):
        session.execute(select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update())
    currency = first.money.currency
    bank = accounts.bank(PROVIDER, currency)
    given = {
        "run": run,
        "currency": currency,
        "attempts": [work.attempt for work, _ in done],
        "fences": [work.fence for work, _ in done],
        "references": [outcome.reference for _, outcome in done],
        "notes": [f"{work.payout} {outcome.reference}" for work, outcome in done],
        "in_transit": IN_TRANSIT,
        "bank": open_accounts(session, [bank], currency)[bank],
        "person": PROVIDER,
        "day": day_of(session, now),
        "now": now,
    }
    settled = set(session.scalars(sql("payouts", "settle_paid"), given))
    end_run(session, run)
    return settled
