"""Send approved runs by hand: the payouts enter the register that finance pays from."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from core.database import sql
from ledger.halt import refuse_if_halted
from payouts.differences import refuse_if_differs, stopped_currencies
from payouts.store import Run, run_of
from payouts.tables import payout, payout_run


@dataclass(frozen=True, slots=True)
class Sent:
    """The run after this step, how many payouts went and how many were held back."""

    run: Run
    sent: int
    held: int


def send_manual(session: Session, now: datetime, limit: int = 0) -> Sent | None:
    """Send one approved run of the manual provider, or what was released since in one; None when nothing waits.

    `limit`: the setting `reconciliation_limit`. Runs of a currency with an open difference above it wait.

    What is sent is what was approved: a payout whose payee changed, is held, or whose creator is suspended or held
    since then is held instead. A run that another worker or a canceller holds is skipped.

    Raises:
        Unavailable: `ledger_halted`; what waits goes when somebody has acknowledged the finding. `reconciliation_open`:
            nothing but runs of stopped currencies waits.
    """
    released = exists().where(payout.c.run_id == payout_run.c.id, payout.c.state == "reserved")
    ready = or_(payout_run.c.state == "approved", and_(payout_run.c.state == "sending", released))
    waiting = (
        select(payout_run).where(payout_run.c.provider == "manual", ready).order_by(payout_run.c.id).limit(1)
    )
    free = waiting.where(payout_run.c.currency.not_in(stopped_currencies(session, limit)))
    run = session.execute(free.with_for_update(skip_locked=True)).one_or_none()
    if run is None:
        if stopped := session.execute(waiting).one_or_none():
            refuse_if_differs(session, stopped.currency, limit)
        return None
    refuse_if_halted(session)
    session.execute(sql("payouts", "lock_payees"), {"run": run.id})
    done = session.execute(sql("payouts", "send"), {"run": run.id, "now": now}).one()
    sending = (
        update(payout_run).where(payout_run.c.id == run.id).values(state="sending").returning(payout_run)
    )
    return Sent(run_of(session.execute(sending).one()), done.sent, done.held)
