"""Sellers' money: what a seller put in to pay for programs itself. What is left of it stands in the ledger alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from catalog.sellers import find_seller
from core.ids import public_id
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.tables import account, balance, entry
from rewards.fund_tables import seller_deposit


@dataclass(frozen=True, slots=True)
class SellerDeposit:
    id: str
    seller: str
    amount: Money
    reference: str | None
    entry: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SellerPot:
    """What a seller has in one currency."""

    currency: str
    balance: Money


@dataclass(frozen=True, slots=True)
class SellerBalance:
    seller: str
    balances: list[SellerPot]


def deposit_of_seller(
    session: Session,
    seller: str,
    amount: Money,
    reference: str | None,
    person: str,
    now: datetime,
    settings: Settings,
) -> SellerDeposit:
    """A seller's money arrives from the bank; what waits for it is paid by the next accrual.

    Raises:
        NotFound: no such seller.
    """
    find_seller(session, seller, lock=True)
    d = seller_deposit.c
    before = select(func.count()).where(d.seller == seller)  # under the row's lock it only grows
    posted = post(
        session,
        key=f"seller_deposit:{seller}:{session.scalar(before)}",
        kind="seller.deposit",
        effective_on=now.astimezone(settings.zone).date(),
        note=reference,
        legs=[
            debit(accounts.bank("manual", amount.currency), amount),
            credit(accounts.seller_balance(seller), amount),
        ],
    )
    made = seller_deposit.insert().values(
        seller=seller,
        amount=amount.micros,
        currency=amount.currency,
        reference=reference,
        made_by=person,
        entry_id=posted.id,
        created_at=now,
    )
    key = session.scalars(made.returning(d.id)).one()
    return _shown(session.execute(_deposits().where(d.id == key)).one())


def seller_money(session: Session, seller: str) -> SellerBalance:
    """What a seller has, in every currency in which it ever had something.

    Raises:
        NotFound: no such seller.
    """
    found = (
        select(account.c.currency, (balance.c.balance * balance.c.normal).label("balance"))
        .join(balance, balance.c.account_id == account.c.id)
        .where(account.c.code == accounts.seller_balance(find_seller(session, seller)))
        .order_by(account.c.currency)
    )
    pots = [SellerPot(row.currency, Money(row.balance, row.currency)) for row in session.execute(found)]
    return SellerBalance(seller, pots)


def list_seller_deposits(
    session: Session, seller: str, limit: int, after: int | None
) -> list[tuple[int, SellerDeposit]]:
    """A seller's deposits with their keys, oldest first.

    Raises:
        NotFound: no such seller.
    """
    d = seller_deposit.c
    query = _deposits().where(d.seller == find_seller(session, seller), d.id > (after or 0))
    return [(row.id, _shown(row)) for row in session.execute(query.order_by(d.id).limit(limit))]


def _deposits() -> Any:
    return select(seller_deposit, entry.c.recorded_at).join(entry, entry.c.id == seller_deposit.c.entry_id)


def _shown(row: Row[Any]) -> SellerDeposit:
    return SellerDeposit(
        public_id("sdp", row.id, row.created_at),
        row.seller,
        Money(row.amount, row.currency),
        row.reference,
        public_id("ent", row.entry_id, row.recorded_at),
        row.created_at,
    )
