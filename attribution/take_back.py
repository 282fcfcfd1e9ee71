"""Take back what refunds return: negative shares, in the order in which the refunds came."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from attribution.attribute import LOCK
from attribution.floors import raise_floor
from attribution.policies import versions
from core.database import sql


def take_back(session: Session, limit: int = 50_000) -> int:
    """Write the negative shares of refunds whose purchases are attributed; how many refunds (by policy) were handled.

    Call it until it answers 0: of one purchase it takes one refund a call, in the order of arrival.
    """
    if not session.scalar(LOCK):
        return 0
    policies = sorted({version.policy for version in versions(session)})
    floor = raise_floor(session, "take_back_floor", policies=policies)
    return _take(session, floor, [], limit)


def take_back_again(session: Session, purchases: Sequence[int]) -> None:
    """All refunds of these purchases, over the shares of their new generation. The caller holds the lock."""
    no_floor = 2**63 - 1
    while _take(session, no_floor, purchases, limit=1_000_000):
        pass


def _take(session: Session, floor: int, purchases: Sequence[int], limit: int) -> int:
    statement = sql("attribution", "take_back")
    return int(
        session.execute(
            statement, {"floor": floor, "purchases": list(purchases), "limit": limit}
        ).scalar_one()
    )
