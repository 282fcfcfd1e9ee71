"""A seller takes back what it has free: asked for by the seller or finance, sent by another person from the bank.

The money leaves the balance when it is asked for, so that nothing else can spend it meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bounties.tables import seller_withdrawal
from catalog.sellers import find_seller
from core.errors import NotFound, Refused
from core.ids import key_of, public_id
from core.money import Money
from core.people import same_person
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from ledger.post import credit, debit, post

Outcome = Literal["paid", "failed", "returned"]
_w = seller_withdrawal.c


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """requested -> paid | failed, paid -> returned."""

    id: str
    seller: str
    amount: Money
    state: str
    requested_by: str
    settled_by: str | None
    reference: str | None
    created_at: datetime
    settled_at: datetime | None


def request_withdrawal(
    session: Session, seller: str, amount: Money, person: str, now: datetime, settings: Settings
) -> Withdrawal:
    """The amount leaves the seller's balance and waits to be sent.

    Raises:
        NotFound: no such seller.
        Invalid: `not_positive`, `not_minor_units`.
        Refused: `not_enough_money`, with what is free.
    """
    amount.require_positive().require_minor()
    find_seller(session, seller, lock=True)
    code = accounts.seller_balance(seller)
    free = natural(session, [code], amount.currency)[code]
    if free < amount:
        raise Refused("not_enough_money", f"The seller has {free} free.", free=free.amount)
    values = {"seller": seller, "amount": amount.micros, "currency": amount.currency, "requested_by": person}
    made = seller_withdrawal.insert().values(created_at=now, **values)
    row = session.execute(made.returning(seller_withdrawal)).one()
    _post(session, row, "request", code, accounts.seller_in_transit(seller), now, settings)
    return _shown(row)


def settle_withdrawal(
    session: Session,
    public: str,
    outcome: Outcome,
    reference: str,
    person: str,
    now: datetime,
    settings: Settings,
) -> Withdrawal:
    """What became of it at the bank: `paid`; `failed` before it left, or `returned` afterwards: it is free again.

    Raises:
        NotFound: no such withdrawal.
        Refused: `withdrawal_paid` and the like; `own_withdrawal`, another person sends it than who asked.
    """
    query = select(seller_withdrawal).where(_w.id == key_of("swd", public)).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None or public_id("swd", row.id, row.created_at) != public:
        raise NotFound("not_found", "No such withdrawal.")
    if row.state != ("paid" if outcome == "returned" else "requested"):
        raise Refused(f"withdrawal_{row.state}", f"The withdrawal is {row.state}.", state=row.state)
    if same_person(row.requested_by, person):
        raise Refused("own_withdrawal", "Another person must settle what you asked for.")
    bank, balance = accounts.bank("manual", row.currency), accounts.seller_balance(row.seller)
    sent = accounts.seller_in_transit(row.seller)
    source, target = {"paid": (sent, bank), "failed": (sent, balance), "returned": (bank, balance)}[outcome]
    _post(session, row, outcome, source, target, now, settings)
    values = {"state": outcome, "settled_by": person, "reference": reference, "settled_at": now}
    done = seller_withdrawal.update().where(_w.id == row.id).values(**values)
    return _shown(session.execute(done.returning(seller_withdrawal)).one())


def list_withdrawals(
    session: Session, seller: str, limit: int, before: int | None
) -> list[tuple[int, Withdrawal]]:
    """A seller's withdrawals with their keys, newest first."""
    query = select(seller_withdrawal).where(_w.seller == seller).order_by(_w.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_w.id < before)
    return [(row.id, _shown(row)) for row in session.execute(query)]


def _post(
    session: Session, row: Any, step: str, source: str, target: str, now: datetime, settings: Settings
) -> None:
    amount = Money(row.amount, row.currency)
    post(
        session,
        key=f"withdrawal:{row.id}:{step}",
        kind="seller.withdrawal",
        effective_on=now.astimezone(settings.zone).date(),
        legs=[debit(source, amount), credit(target, amount)],
    )


def _shown(row: Row[Any]) -> Withdrawal:
    return Withdrawal(
        public_id("swd", row.id, row.created_at), row.seller, Money(row.amount, row.currency), row.state,
        row.requested_by, row.settled_by, row.reference, row.created_at, row.settled_at,
    )  # fmt: skip
