"""Payouts that connected accounts' own balances send to their banks: shown to creator and finance, they move no money here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.money import Money, known_currencies
from payouts.send_tables import provider_payout, stripe_account
from payouts.stripe.accounts import find_account
from payouts.stripe.asking import ask
from payouts.stripe.units import from_units

_p = provider_payout.c
SHOWN = 20  # the newest ones of an account that a poll looks at


@dataclass(frozen=True, slots=True)
class BankPayout:
    """`state`: pending, in_transit, paid, failed or canceled, in the provider's words."""

    id: str
    account: str
    amount: Money
    state: str
    failure: str | None
    arrives_at: datetime
    seen_at: datetime


def fetch_bank_payout(client: StripeClient, account: str, id: str) -> dict[str, Any]:
    """A connected account's payout as it is now.

    Raises:
        Refused, Conflict, Unavailable: as `ask`.
    """
    return ask(lambda: client.v1.payouts.retrieve(id, options={"stripe_account": account}))


def fetch_newest(client: StripeClient, account: str) -> list[dict[str, Any]]:
    """The account's newest payouts."""
    listed = ask(lambda: client.v1.payouts.list({"limit": SHOWN}, {"stripe_account": account}))
    return list(listed.get("data") or [])


def see_bank_payout(session: Session, account: str, shown: Mapping[str, Any], at: datetime) -> bool:
    """Write down a view fetched at `at`, unless a newer one is there. True: the account is one of our creators'."""
    if session.scalar(select(stripe_account.c.creator).where(stripe_account.c.account == account)) is None:
        return False
    currency = str(shown["currency"]).upper()
    if currency not in known_currencies():  # a coin's: it could be shown in no unit
        return True
    values = {
        "account": account,
        "amount": shown["amount"],
        "currency": currency,
        "state": shown["status"],
        "failure": shown.get("failure_code"),
        "arrives_at": datetime.fromtimestamp(shown["arrival_date"], UTC),
        "seen_at": at,
    }
    seen = insert(provider_payout).values(id=shown["id"], **values)
    session.execute(seen.on_conflict_do_update(index_elements=["id"], set_=values, where=_p.seen_at <= at))
    return True


def list_bank_payouts(
    session: Session, creator: str, limit: int, after: tuple[datetime, str] | None
) -> list[BankPayout]:
    """A creator's, the last to arrive first, after the arrival and id of a row; of its present account.

    Raises:
        NotFound: `not_found`, no such creator.
    """
    account = find_account(session, creator)
    query = select(provider_payout).where(_p.account == (account.account if account else None))
    if after is not None:
        query = query.where(tuple_(_p.arrives_at, _p.id) < after)
    rows = session.execute(query.order_by(_p.arrives_at.desc(), _p.id.desc()).limit(limit))
    return [
        BankPayout(
            row.id,
            row.account,
            from_units(row.amount, row.currency),
            row.state,
            row.failure,
            row.arrives_at,
            row.seen_at,
        )
        for row in rows
    ]
