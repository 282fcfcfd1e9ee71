"""A link by which a creator opens, or completes, the connected account that it is paid to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.settings import Settings
from payouts.stripe.accounts import Account, find_account, keep_account
from payouts.stripe.asking import ask
from payouts.stripe.client import stripe_client
from payouts.stripe.plain import id_of


@dataclass(frozen=True, slots=True)
class Link:
    """What Stripe gave. It opens once and for some minutes; `refresh_url` is where a stale one leads."""

    creator: str
    account: Mapping[str, Any] | None
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Onboarding:
    """A link for a creator, and the account that it leads to."""

    creator: str
    account: str
    url: str
    expires_at: datetime


def ask_link(
    engine: Engine, settings: Settings, creator: str, country: str | None, refresh_url: str, return_url: str
) -> Link:
    """Have Stripe make the account, if there is none, and a link to it. No transaction is open meanwhile.

    The account's key is made of the creator, so that whoever asks twice, or died before it was written down, gets the
    same account. Its automatic payouts to the creator's bank stay as Stripe sets them.

    Raises:
        NotFound: `not_found`, no such creator.
        Refused, Conflict, Unavailable: as `ask`; Unavailable: `stripe_not_configured`.
    """
    with transaction(engine) as session:
        known = find_account(session, creator)
    client = stripe_client(settings)
    made = None
    if known is None or known.deleted:
        made = _make_account(client, creator, country, known)
    account = id_of(made) if made else known.account if known else ""
    answer = ask(
        lambda: client.v1.account_links.create(
            {
                "account": account,
                "type": "account_onboarding",
                "refresh_url": refresh_url,
                "return_url": return_url,
                "collection_options": {"fields": "eventually_due"},
            }
        )
    )
    return Link(creator, made, answer["url"], datetime.fromtimestamp(answer["expires_at"], UTC))


def give_link(session: Session, link: Link, now: datetime) -> Onboarding:
    """Write the account down, if it is new.

    Raises:
        NotFound: `not_found`.
        Conflict: `account_exists`.
    """
    kept = keep_account(session, link.creator, link.account, now) if link.account else None
    account = kept or find_account(session, link.creator)
    assert account is not None
    return Onboarding(link.creator, account.account, link.url, link.expires_at)


def _make_account(
    client: StripeClient, creator: str, country: str | None, gone: Account | None
) -> dict[str, Any]:
    parts = ["account", creator, *([country] if country else []), *([gone.account] if gone else [])]
    asked: dict[str, Any] = {
        "type": "express",
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"creator": creator},
    }
    asked |= {"country": country} if country else {}
    return ask(lambda: client.v1.accounts.create(asked, {"idempotency_key": ":".join(parts)}))  # type: ignore[arg-type]
