"""Attribute anew the purchases whose touches were doubted or cleared after they had been attributed.

What changes gets the opposite of its shares and a new generation of them; history stays as it was.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from attribution.attribute import LOCK, choose, write
from attribution.policies import PolicyVersion, versions
from attribution.take_back import take_back_again
from core.database import sql

_TAKE = text(
    "CREATE TEMP TABLE again ON COMMIT DROP AS WITH taken AS (DELETE FROM reattribution WHERE purchase_id IN"
    " (SELECT purchase_id FROM reattribution ORDER BY purchase_id LIMIT :limit) RETURNING purchase_id)"
    " SELECT purchase_id FROM taken"
)


def reattribute(session: Session, limit: int = 10_000) -> int:
    """Handle at most `limit` queued purchases; how many were taken off the queue."""
    if not session.scalar(LOCK):
        return 0
    session.execute(_TAKE, {"limit": limit})
    taken = int(session.scalar(text("SELECT count(*) FROM again")) or 0)
    if taken:
        for policy in versions(session):
            _again(session, policy)
    session.execute(text("DROP TABLE again"))
    return taken


def _again(session: Session, policy: PolicyVersion) -> None:
    session.execute(
        sql("attribution", "attribute_claim_again"), {"policy": policy.policy, "version": policy.version}
    )
    if choose(session, policy):
        for step in ("same", "undo", "outcome_again", "share_again", "changed"):
            write(session, step, policy)
        redone = list(session.scalars(text("SELECT purchase_id FROM claimed")))
        session.execute(text("DROP TABLE claimed, chosen"))
        take_back_again(session, redone)
    else:
        session.execute(text("DROP TABLE claimed, chosen"))
