"""Propose the opposite of an entry."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.settings import Settings
from ledger.adjustments import Adjustment
from ledger.decide import post_or_wait, require_not_reversed
from ledger.read import find_entry

# A kind with a dot is `<domain>.<verb>`: that domain's rows hold what the entry did and would go on to say so.
_OTHER_WAYS = {
    "payout": "Settle the payout as failed or returned, or cancel it.",
    "reward": "Rewards follow the facts: send a refund event, or correct the events or the program's rules.",
    "fund": "The fund counts its deposits, allocations, transfers and grants: move the money by an adjustment that corrects this entry.",
}


def reverse(
    session: Session, entry_id: str, reason: str, person: str, now: datetime, settings: Settings
) -> Adjustment:
    """Post an entry's postings with the other sign, today; above the limit another person agrees first.

    Nothing but the books is changed, so an entry that a domain answers for is not reversed here: a payout's is undone
    by settling or cancelling it, a reward's by a refund event. A deposit's or allocation's would leave the fund's sums
    (`deposited`, what a line was given) saying more than the books hold; an adjustment moves the money instead.

    Raises:
        NotFound: `not_found`.
        Refused: `not_reversible`, with the way that is right; `already_reversed`; `insufficient_funds`.
        Invalid: `amount_too_large`.
    """
    found = find_entry(session, entry_id)
    _require_reversible(found.kind)
    require_not_reversed(session, found.id)
    given = {
        "entry": found.id,
        "reason": reason,
        "person": person,
        "day": now.astimezone(settings.zone).date(),
        "now": now,
    }
    key = session.scalars(sql("ledger", "propose_reversal"), given).one()
    return post_or_wait(session, key, settings)


def _require_reversible(kind: str) -> None:
    domain, dot, _ = kind.partition(".")
    if kind == "reversal":
        way = "Post the first entry's postings anew, by an adjustment that corrects it."
    elif dot:
        way = _OTHER_WAYS.get(domain, "Move the money by an adjustment that corrects this entry.")
    else:
        return
    raise Refused("not_reversible", f"An entry of kind {kind} is not reversed. {way}", kind=kind)
