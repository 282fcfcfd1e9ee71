"""A person decides what became of a payout of which the provider can no longer be asked safely."""

from datetime import datetime
from typing import Literal

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid, Refused
from core.money import Money
from core.people import same_person
from payouts.attempt import NOT_FOUND, STUCK, too_old
from payouts.note_difference import CURED_BY_SETTLING, end_differences
from payouts.record import confirm_row
from payouts.send_tables import payout_attempt
from payouts.store import Payout, change_payout, find_payout, payout_of, payouts
from payouts.tables import payout, payout_run


def resolve(
    session: Session,
    payout_id: str,
    outcome: Literal["sent", "not_sent"],
    reference: str | None,
    reason: str,
    person: str,
    now: datetime,
) -> Payout:
    """Say that an unknown payout was sent (with the provider's reference), or that it was not: then it is held, and
    finance releases it for another attempt or cancels it. The next attempt looks it up before it sends, too; but a
    cancelled payout's money goes out by the next run, so nobody calls unsent what Stripe could not be asked about.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_reference`, `sent` names the transfer and `not_sent` none.
        Refused: `payout_not_unknown`; `still_looked_up`, it may yet be found or sent again safely; `own_draft`;
            `not_looked_up`, Stripe did not answer the last look-up, so that nobody can say that it was not sent;
            `transfer_of_another`, another payout was paid by it.
        Conflict: `being_looked_up`, a worker is asking the provider right now.
    """
    if (outcome == "sent") != bool(reference):
        raise Invalid(
            "bad_reference", "`sent` needs the transfer's id, `not_sent` none.", pointer="/reference"
        )
    row = find_payout(session, payout_id, lock=True)
    if row.state != "unknown":
        raise Refused("payout_not_unknown", f"The payout is {row.state}.", state=row.state)
    drafter = session.scalar(select(payout_run.c.drafted_by).where(payout_run.c.id == row.run_id))
    if same_person(drafter, person):
        raise Refused("own_draft", "Another person than who drafted the run must decide.")
    attempt = _attempt(session, row.id, outcome, now)

    if outcome == "sent" and reference:
        _refuse_another(session, row.id, reference)
        confirm_row(session, row, reference, Money(0, row.currency), now, by=person)
        values = {"detail": f"{person}: {reason}", "code": "resolved_sent"}
    else:
        hold = "resolved_not_sent: finance found that the provider did not send it"
        change_payout(session, row, state="held", hold_reason=hold, held_by=person, sent_at=None)
        values = {"detail": f"{person}: {reason}", "code": "resolved_not_sent"}
        values |= {"state": "rejected", "ended_at": now}
    session.execute(update(payout_attempt).where(payout_attempt.c.id == attempt).values(**values))
    end_differences(session, CURED_BY_SETTLING, payout_id, now, person)
    return payout_of(session.execute(payouts().where(payout.c.id == row.id)).one())


def _refuse_another(session: Session, payout_key: int, reference: str) -> None:
    other = select(exists().where(payout.c.reference == reference, payout.c.id != payout_key))
    if session.scalar(other):
        raise Refused("transfer_of_another", "Another payout was paid by that transfer; look for this one's.")


def _attempt(session: Session, payout_key: int, outcome: str, now: datetime) -> int:
    a = payout_attempt.c
    live = select(payout_attempt).where(a.payout_id == payout_key, a.ended_at.is_(None))
    row = session.execute(live.with_for_update()).one()
    if row.state == "claimed":
        raise Conflict("being_looked_up", "The provider is being asked right now; try again in a minute.")
    if row.code not in STUCK and not too_old(row.first_sent_at, now):
        raise Refused(
            "still_looked_up", "It is looked up and sent again under its key for 20 hours; wait for that."
        )
    if outcome == "not_sent" and row.code not in (*STUCK, NOT_FOUND):
        raise Refused(
            "not_looked_up",
            f"The last look-up did not succeed ({row.code}): wait until Stripe says that it has no transfer.",
        )
    return int(row.id)
