"""Hand in a content for a claim, and say its advertising token."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bounties.find import Claim, claim_of, find_claim, move_claim
from bounties.states import CLAIM, require
from catalog.tables import content, product_tag
from catalog.tables import creator as catalog_creator
from core.errors import Conflict, Invalid, Refused

_k, _t = content.c, product_tag.c


def submit_content(
    session: Session,
    public: str,
    creator: str,
    content_id: str,
    token: str | None,
    person: str,
    now: datetime,
) -> Claim:
    """A content of the creator's, published since the bounty opened and with its product tagged, goes to review.

    Raises:
        NotFound: no such claim of the creator's.
        Refused: `claim_submitted` and the like; `claim_overdue`; `creator_suspended`.
        Invalid: `unknown_reference`, `content_gone`, `product_not_tagged`, `published_outside`.
        Conflict: `content_used`, by another claim of this bounty.
    """
    task, row = find_claim(session, public, creator=creator, lock=True)
    require("claim", CLAIM, "submit", "creator", row.state)
    if row.due_at <= now:
        raise Refused("claim_overdue", "The time to hand something in is over.", due_at=row.due_at)
    _require_active(session, creator)
    _require_fit(session, task, creator, content_id, now)
    values = {
        "state": "submitted",
        "content": content_id,
        "token": token or row.token,
        "submitted_at": now,
        "due_at": now + timedelta(hours=task.review_hours),
    }
    try:
        with session.begin_nested():
            return claim_of(task, move_claim(session, row, "submit", "creator", person, now, **values))
    except IntegrityError as error:
        if getattr(error.orig, "pgcode", None) != "23505":
            raise
        raise Conflict("content_used", "Another claim of this bounty has this content.") from None


def set_token(
    session: Session,
    public: str,
    token: str,
    person: str,
    now: datetime,
    *,
    creator: str | None = None,
    seller: str | None = None,
) -> Claim:
    """The advertising token of what was handed in; a review that waited for it begins anew.

    Raises:
        NotFound: no such claim among theirs.
        Refused: `claim_rejected` and the like, there is nothing to mark any more.
    """
    task, row = find_claim(session, public, creator=creator, seller=seller, lock=True)
    if row.state not in ("claimed", "submitted", "changes_requested", "disputed", "approved", "split"):
        raise Refused(f"claim_{row.state}", f"The claim is {row.state}.", state=row.state)
    values: dict[str, Any] = {"token": token}
    if row.state == "submitted" and row.due_at is None:
        values["due_at"] = now + timedelta(hours=task.review_hours)
    who = "creator" if creator is not None else "seller"
    return claim_of(task, move_claim(session, row, "token", who, person, now, **values))


def _require_active(session: Session, creator: str) -> None:
    status = session.scalar(select(catalog_creator.c.status).where(catalog_creator.c.id == creator))
    if status != "active":
        raise Refused("creator_suspended", "A suspended creator hands nothing in.")


def _require_fit(session: Session, task: Any, creator: str, content_id: str, now: datetime) -> None:
    found = session.execute(
        select(_k.published_at, _k.deleted_at).where(_k.id == content_id, _k.creator == creator)
    ).one_or_none()
    told = {
        "unknown_reference": found is None and f"The creator has no content {content_id!r}.",
        "content_gone": found and found.deleted_at is not None and "The content was deleted.",
        "published_outside": found
        and not task.opened_at.replace(microsecond=0) <= found.published_at <= now
        and "The content was not published since the bounty opened.",
        "product_not_tagged": not session.scalar(_tagged(content_id, task.product))
        and f"The content does not tag the product {task.product!r}.",
    }
    for code, why in told.items():
        if why:
            raise Invalid(code, str(why), pointer="/content")


def _tagged(content_id: str, product: str) -> Any:
    standing = (_t.content == content_id) & (_t.product == product) & _t.tagged_until.is_(None)
    return select(exists().where(standing))
