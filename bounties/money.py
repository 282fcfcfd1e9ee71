"""The only places where a bounty's money moves: in from the seller, out to creators and fees, back to the seller.

Each posts and counts in `funded`, `released`, `returned` in one transaction, under the bounty's lock. Money that goes
out needs nothing but that lock: escrow was filled when the bounty opened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from bounties.find import escrow
from bounties.tables import bounty
from catalog.sellers import find_seller
from core.errors import Refused
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from ledger.bulk import one_bulk_at_a_time
from ledger.post import Leg, credit, debit, post

_b = bounty.c


def fund(session: Session, row: Any, micros: int, now: datetime, settings: Settings) -> None:
    """The seller's balance -> escrow, all of it or none.

    Raises:
        Refused: `not_enough_money`, with what is missing.
    """
    find_seller(session, row.seller, lock=True)
    code, needs = accounts.seller_balance(row.seller), Money(micros, row.currency)
    holds = natural(session, [code], row.currency)[code]
    if holds < needs:
        told = f"The bounty needs {needs} in escrow, the seller has {holds}: {needs - holds} is missing."
        raise Refused("not_enough_money", told, needs=needs.amount, holds=holds.amount, missing=(needs - holds).amount)  # fmt: skip
    legs = [debit(code, needs), credit(escrow(row.id, row.created_at), needs)]
    _post(session, f"bounty:{row.id}:{row.moves}", "bounty.fund", row.title, legs, now, settings)
    _count(session, row, moves=_b.moves + 1, funded=_b.funded + micros)


def give_back(session: Session, row: Any, micros: int, now: datetime, settings: Settings) -> None:
    """Escrow -> the seller's balance."""
    if not micros:
        return
    _post(
        session, f"bounty:{row.id}:{row.moves}", "bounty.return", row.title, _back(row, micros), now, settings
    )
    _count(session, row, moves=_b.moves + 1, returned=_b.returned + micros)


def give_back_many(
    session: Session, back: Sequence[tuple[Any, int]], now: datetime, settings: Settings
) -> None:
    """The same for many bounties, which the caller counts: an entry a currency, so that sellers are locked in the
    ledger's order and not in the bounties'."""
    for currency in sorted({row.currency for row, _ in back}):
        legs = [leg for row, micros in back if row.currency == currency for leg in _back(row, micros)]
        post_many(session, "bounty.return", currency, legs, now, settings)


def release(
    session: Session,
    row: Any,
    claim: Any,
    paid: Mapping[str, int],
    back: int,
    now: datetime,
    settings: Settings,
) -> None:
    """Escrow -> the creator's available `price` and the platform's `fee`; what the slot no longer needs -> the seller."""
    legs = [
        debit(escrow(row.id, row.created_at), Money(paid["price"] + paid["fee"] + back, row.currency)),
        credit(accounts.creator(claim.creator, "available"), Money(paid["price"], row.currency)),
        credit(accounts.fee_income("bounty"), Money(paid["fee"], row.currency)),
        credit(accounts.seller_balance(row.seller), Money(back, row.currency)),
    ]
    _post(session, f"claim:{claim.id}:pay", "bounty.pay", row.title, legs, now, settings)
    _count(session, row, released=_b.released + paid["price"] + paid["fee"], returned=_b.returned + back)


def post_many(
    session: Session, kind: str, currency: str, legs: list[Leg], now: datetime, settings: Settings
) -> None:
    """One entry for many bounties, of who counts in `released` and `returned` itself, under their locks."""
    if any(leg.money.micros for leg in legs):
        one_bulk_at_a_time(session)
        _post(session, f"bounties:{uuid4()}", kind, None, legs, now, settings)


def _back(row: Any, micros: int) -> list[Leg]:
    back = Money(micros, row.currency)
    return [debit(escrow(row.id, row.created_at), back), credit(accounts.seller_balance(row.seller), back)]


def _post(
    session: Session,
    key: str,
    kind: str,
    note: str | None,
    legs: list[Leg],
    now: datetime,
    settings: Settings,
) -> None:
    day = now.astimezone(settings.zone).date()
    post(session, key=key, kind=kind, effective_on=day, note=note and note[:140], legs=legs)


def _count(session: Session, row: Any, **values: Any) -> None:
    session.execute(bounty.update().where(_b.id == row.id).values(**values))
