"""Decide about an adjustment: post it, by itself or by another person's word, or turn it down."""

from datetime import datetime

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, Refused
from core.ids import public_id
from core.money import MICROS
from core.people import same_person
from core.settings import Settings
from ledger.adjustments import Adjustment, find_adjustment, read_adjustment
from ledger.bulk import one_bulk_at_a_time
from ledger.tables import adjustment, entry

# The least BIGINT has no opposite, so a balance that stands there could not be shown from its natural side.
_AT_THE_END = text(
    "SELECT EXISTS (SELECT FROM posting WHERE entry_id = :entry AND balance = -9223372036854775808)"
)


def post_or_wait(session: Session, key: int, settings: Settings) -> Adjustment:
    """Post what was just proposed, up to the limit; above it, it waits for another person."""
    amount = session.scalars(select(adjustment.c.amount).where(adjustment.c.id == key)).one()
    if amount <= settings.adjustment_limit * MICROS:
        _post(session, key)
    return read_adjustment(session, key)


def approve(session: Session, adjustment_id: str, person: str, now: datetime) -> Adjustment:
    """Post what another person proposed.

    Raises:
        NotFound: `not_found`.
        Refused: `adjustment_decided`; `own_adjustment`; `insufficient_funds` or `already_reversed`, then it stays
            proposed.
        Invalid: `amount_too_large`, a balance would leave 64 bits.
    Of two who decide at once, the row's lock lets one through.
    """
    row = _undecided(session, adjustment_id)
    if same_person(row.proposed_by, person):
        raise Refused("own_adjustment", "Another person must approve what you proposed.")
    _post(session, row.id, decided_by=person, decided_at=now)
    return read_adjustment(session, row.id)


def reject(session: Session, adjustment_id: str, reason: str, person: str, now: datetime) -> Adjustment:
    """Turn an adjustment down for good; who proposed it may take it back so.

    Raises:
        NotFound: `not_found`.
        Refused: `adjustment_decided`.
    """
    row = _undecided(session, adjustment_id)
    values = {"state": "rejected", "decided_by": person, "decided_at": now, "decision": reason}
    session.execute(update(adjustment).where(adjustment.c.id == row.id).values(**values))
    return read_adjustment(session, row.id)


def require_not_reversed(session: Session, entry_key: int) -> None:
    """Raises:
    Refused: `already_reversed`.
    """
    reversals = select(entry.c.id, entry.c.recorded_at).where(
        entry.c.corrects == entry_key, entry.c.kind == "reversal"
    )
    found = session.execute(reversals).one_or_none()
    if found is not None:
        reversal = public_id("ent", found.id, found.recorded_at)
        raise Refused("already_reversed", f"{reversal} reversed this entry.", reversal=reversal)


def _undecided(session: Session, adjustment_id: str) -> Row[int, str, str, datetime]:
    row = find_adjustment(session, adjustment_id, lock=True)
    if row.state != "proposed":
        raise Refused("adjustment_decided", f"The adjustment is {row.state}.", state=row.state)
    return row


def _post(session: Session, key: int, **decision: object) -> None:
    """Make the entry. Its accounts may be any, so it takes its turn with the entries of many accounts; in its turn
    it also sees whether the entry was reversed meanwhile (the unique index would say so less clearly)."""
    one_bulk_at_a_time(session)
    row = session.execute(
        select(adjustment.c.corrects, adjustment.c.reversal).where(adjustment.c.id == key)
    ).one()
    if row.reversal:
        require_not_reversed(session, row.corrects)
    made = session.scalars(sql("ledger", "post_adjustment"), {"adjustment": key}).one()
    if session.scalar(_AT_THE_END, {"entry": made}):
        raise Invalid("amount_too_large", "A balance would not fit into 64 bits of micros.")
    values = {"state": "posted", "entry_id": made, **decision}
    session.execute(update(adjustment).where(adjustment.c.id == key).values(**values))
