"""Is the account that a creator wants to be paid to at Stripe its own, as far as we know?

We know the accounts that creators opened through us. Another one may be as good (opened before, or in Stripe's pages), so
it is allowed and said; what we know to be wrong is refused before anybody vouches for it.
"""

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.errors import Refused
from payouts.send_tables import stripe_account


def account_known(session: Session, creator: str, account: str) -> bool:
    """Did the creator open it through us, and is it still there?"""
    row = _find(session, account)
    return row is not None and row.creator == creator and not row.deleted


def require_own_account(session: Session, creator: str, account: str) -> None:
    """Raises:
    Refused: `account_of_another`, another creator opened it; `account_deleted`.
    """
    row = _find(session, account)
    if row is not None and row.creator != creator:
        raise Refused(
            "account_of_another", "Another creator opened this Stripe account; have the payee mended."
        )
    if row is not None and row.deleted:
        raise Refused(
            "account_deleted", "This Stripe account was deleted; the creator must connect another one."
        )


def _find(session: Session, account: str) -> Row[tuple[str, bool]] | None:
    known = select(stripe_account.c.creator, stripe_account.c.deleted)
    return session.execute(known.where(stripe_account.c.account == account)).one_or_none()
