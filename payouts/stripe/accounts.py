"""Creators' connected accounts as Stripe last showed them. Shown views are fetched, never taken from an event: so the
later fetch is the newer view, in whatever order events arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from stripe import StripeClient

from catalog.tables import creator as creator_table
from core.errors import Conflict, NotFound, Refused
from payouts.send_tables import stripe_account
from payouts.stripe.asking import ask
from payouts.stripe.plain import id_of

_a = stripe_account.c
_GONE = ("account_invalid", "resource_missing")
_SOON, _SELDOM = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Account:
    """`transfers`: the capability's state; only `active` may be paid. `disabled_reason`: what Stripe waits for."""

    creator: str
    account: str
    transfers: str
    payouts_enabled: bool
    disabled_reason: str | None
    deleted: bool
    seen_at: datetime | None


def get_account(session: Session, creator: str) -> Account:
    """A creator's connected account as it was last seen.

    Raises:
        NotFound: `not_found`, no such creator, or none yet.
    """
    row = session.execute(select(stripe_account).where(_a.creator == creator)).one_or_none()
    if row is None:
        raise NotFound("not_found", "This creator has no connected account.")
    return account_of(row)


def find_account(session: Session, creator: str) -> Account | None:
    """The account, or None if there is none yet.

    Raises:
        NotFound: `not_found`, no such creator.
    """
    if session.scalar(select(creator_table.c.id).where(creator_table.c.id == creator)) is None:
        raise NotFound("not_found", "No such creator.")
    row = session.execute(select(stripe_account).where(_a.creator == creator)).one_or_none()
    return None if row is None else account_of(row)


def account_of(row: Row[Any]) -> Account:
    """The account that a row is."""
    return Account(
        row.creator,
        row.account,
        row.transfers,
        row.payouts_enabled,
        row.disabled_reason,
        row.deleted,
        row.seen_at,
    )


def fetch_account(client: StripeClient, account: str) -> dict[str, Any]:
    """The account as it is now; one that is gone answers as deleted.

    Raises:
        Refused, Conflict, Unavailable: as `ask`.
    """
    try:
        return ask(lambda: client.v1.accounts.retrieve(account))
    except Refused as refused:
        if refused.fields.get("stripe_code") not in _GONE:
            raise
        return {"id": account, "object": "account", "deleted": True}


def keep_account(session: Session, creator: str, shown: Mapping[str, Any], now: datetime) -> Account:
    """A new account of a creator, or a successor of one that was deleted; the same once more changes nothing.

    Raises:
        Conflict: `account_exists`, the creator got another one meanwhile.
    """
    values = {"account": id_of(shown), **_view(shown), "seen_at": now}
    made = insert(stripe_account).values(creator=creator, created_at=now, **values)
    session.execute(
        made.on_conflict_do_update(index_elements=["creator"], set_=values, where=stripe_account.c.deleted)
    )
    kept = get_account(session, creator)
    if kept.account != id_of(shown):
        raise Conflict("account_exists", "The creator has another account by now; ask again.")
    return kept


def see_account(session: Session, shown: Mapping[str, Any], at: datetime) -> bool:
    """Write down a view fetched at `at`, unless a newer one is there. True: it is one of our creators'."""
    mine = _a.account == id_of(shown)
    newer = or_(_a.seen_at.is_(None), _a.seen_at <= at)
    session.execute(update(stripe_account).where(mine, newer).values(**_view(shown), seen_at=at))
    return session.scalar(select(_a.creator).where(mine)) is not None


def looked_at(session: Session, account: str, at: datetime) -> None:
    """Stripe did not show it: what we know of it stays, and its next turn comes after the others'."""
    mine = _a.account == account, or_(_a.seen_at.is_(None), _a.seen_at <= at)
    session.execute(update(stripe_account).where(*mine).values(seen_at=at))


def accounts_to_see(session: Session, now: datetime, limit: int) -> list[str]:
    """Accounts to look at again, longest unseen first: unfinished ones after an hour, the others after a day."""
    unfinished = or_(_a.transfers != "active", ~_a.payouts_enabled)
    due = or_(_a.seen_at.is_(None), unfinished & (_a.seen_at < now - _SOON), _a.seen_at < now - _SELDOM)
    query = select(_a.account).where(~_a.deleted, due).order_by(_a.seen_at.nulls_first()).limit(limit)
    return list(session.scalars(query))


def _view(shown: Mapping[str, Any]) -> dict[str, Any]:
    requirements = shown.get("requirements") or {}
    deleted = bool(shown.get("deleted"))
    return {
        "transfers": "inactive"
        if deleted
        else (shown.get("capabilities") or {}).get("transfers", "inactive"),
        "payouts_enabled": bool(shown.get("payouts_enabled")) and not deleted,
        "disabled_reason": requirements.get("disabled_reason"),
        "deleted": deleted,
    }
