"""Hold one payout back from sending, and let it go on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from payouts.bank_tables import payment_file
from payouts.hold_creator import holds_of
from payouts.store import Payout, change_payout, find_payout
from payouts.tables import payee


def hold_payout(session: Session, payout_id: str, reason: str, person: str) -> Payout:
    """Keep a reserved payout from being sent; its money stays reserved.

    Raises:
        NotFound: `not_found`.
        Refused: `payout_not_reserved`.
    """
    row = find_payout(session, payout_id, lock=True)
    if row.state != "reserved":
        raise Refused("payout_not_reserved", f"The payout is {row.state}.", state=row.state)
    return change_payout(session, row, state="held", hold_reason=reason, held_by=person)


def release_payout(session: Session, payout_id: str, person: str) -> Payout:
    """Let a held payout go on; if its run is being sent, it goes with the next step of sending.

    Raises:
        NotFound: `not_found`.
        Refused: `payout_not_held`; `payee_changed`, the destination is no longer what was approved: cancel it, and
            the next run pays to the new one; `file_made`, the run's bank file is made without it; `creator_held`, a
            program has suspended the creator.
    """
    row = find_payout(session, payout_id, lock=True)
    if row.state != "held":
        raise Refused("payout_not_held", f"The payout is {row.state}.", state=row.state)
    if session.scalar(select(payment_file.c.id).where(payment_file.c.run_id == row.run_id)) is not None:
        raise Refused(
            "file_made", "The run's payment file is made without it: cancel this payout and draft anew."
        )
    now_at = session.execute(
        select(payee.c.destination, payee.c.verified).where(payee.c.creator == row.creator)
    ).one()
    if not now_at.verified or now_at.destination != row.destination:
        raise Refused(
            "payee_changed", "The payee changed after the draft: cancel this payout and draft anew."
        )
    if reasons := holds_of(session, row.creator):
        raise Refused(
            "creator_held", f"Payouts of this creator are held: {'; '.join(reasons)}", reasons=reasons
        )
    return change_payout(session, row, state="reserved", hold_reason=None, held_by=person)
