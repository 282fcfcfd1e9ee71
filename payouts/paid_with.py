"""The payout that first took a creator's available money after a reward came into it."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.tables import entry
from payouts.store import Payout, payout_of, payouts
from payouts.tables import payout, payout_run

GONE = ("cancelled", "failed", "returned")


def paid_with(session: Session, creator: str, currency: str, release_entry: int) -> Payout | None:
    """The creator's first payout in the currency that was reserved after the entry of a release, or None.

    Which money is in a payout cannot be told: it is taken from one pot. Payouts that came to nothing are passed over,
    and so are those that were asked only for what stood on earlier days.
    """
    booked_on = select(entry.c.booked_on).where(entry.c.id == release_entry).scalar_subquery()
    query = (
        payouts()
        .where(
            payout.c.creator == creator,
            payout.c.currency == currency,
            payout.c.entry_id > release_entry,
            payout.c.state.not_in(GONE),
            or_(payout_run.c.until.is_(None), payout_run.c.until >= booked_on),
        )
        .order_by(payout.c.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else payout_of(row)
