"""Cancel a whole run that was not sent, or one payout in it: the money goes back to available."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.money import Money
from ledger import accounts
from ledger.bulk import one_bulk_at_a_time
from ledger.post import credit, debit, post
from payouts.payable import AVAILABLE, IN_TRANSIT, TAX
from payouts.settle import tax_back
from payouts.store import (
    Payout,
    Run,
    change_payout,
    day_of,
    end_run,
    find_payout,
    find_run,
    for_many_rows,
    run_of,
)
from payouts.tables import payout_run


def cancel_run(session: Session, run_id: str, person: str, now: datetime) -> Run:
    """Give back all that a run has reserved, in one entry. A drafting job at work on it is waited for.

    Raises:
        NotFound: `not_found`.
        Refused: `run_not_cancellable`, it is being sent, done or cancelled.
    """
    run = find_run(session, run_id, lock=True)
    if run.state not in ("drafting", "draft", "approved"):
        raise Refused("run_not_cancellable", f"The run is {run.state}.", state=run.state)

    given = {
        "run": run.id,
        "currency": run.currency,
        "available": AVAILABLE,
        "in_transit": IN_TRANSIT,
        "tax": TAX,
        "key": f"payout_run:{run.id}:cancelled",
        "note": run_id,
        "person": person,
        "day": day_of(session, now),
        "now": now,
    }
    for_many_rows(session)
    one_bulk_at_a_time(session)
    session.execute(sql("payouts", "cancel"), given).one()
    values = {"state": "cancelled", "cancelled_by": person, "payout_count": 0, "total": 0}
    changed = update(payout_run).where(payout_run.c.id == run.id).values(**values).returning(payout_run)
    return run_of(session.execute(changed).one())


def cancel_payout(session: Session, payout_id: str, person: str, now: datetime) -> Payout:
    """Give back what one payout has reserved; the creator's next run may take it at once.

    Raises:
        NotFound: `not_found`.
        Refused: `payout_not_reserved`, it was sent, settled or cancelled.
    """
    row = find_payout(session, payout_id, lock=True)
    if row.state not in ("reserved", "held"):
        raise Refused("payout_not_reserved", f"The payout is {row.state}.", state=row.state)

    money, tax = Money(row.amount, row.currency), Money(row.tax, row.currency)
    post(
        session,
        key=f"payout:{row.id}:cancelled",
        kind="payout.cancel",
        effective_on=day_of(session, now),
        note=payout_id,
        legs=[
            debit(accounts.creator(row.creator, "in_transit"), money),
            *tax_back(row, tax),
            credit(accounts.creator(row.creator, "available"), money + tax),
        ],
    )
    less = {"payout_count": payout_run.c.payout_count - 1, "total": payout_run.c.total - row.amount}
    session.execute(update(payout_run).where(payout_run.c.id == row.run_id).values(**less))
    cancelled = change_payout(session, row, state="cancelled", settled_at=now, settled_by=person)
    end_run(session, row.run_id)
    return cancelled
