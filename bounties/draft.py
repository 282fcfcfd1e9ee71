"""Write a bounty down, and edit it: everything while nothing is claimed, more slots and a later deadline at any time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bounties.check_terms import check_terms
from bounties.fees import fee_of, fee_terms
from bounties.find import Bounty, bounty_of, find_bounty, unit
from bounties.money import fund, give_back
from bounties.tables import bounty
from catalog.tables import product
from core.errors import Invalid, Refused
from core.settings import Settings

# What a seller says of a bounty; `price` and `bonus_max` in micros of `currency`.
TERMS = (
    "product", "title", "brief", "currency", "price", "slots", "deadline", "opens_at", "submit_hours", "review_hours",
    "rounds", "regions", "min_followers", "categories", "invited", "bonus_formula", "bonus_days", "bonus_max",
    "token_required", "contract",
)  # fmt: skip
_AT_ANY_TIME = {"slots", "deadline"}


def draft_bounty(
    session: Session, seller: str, terms: Mapping[str, Any], now: datetime, settings: Settings
) -> Bounty:
    """A new draft; no money moves. `terms`: all of `TERMS`.

    Raises:
        Invalid: `unknown_reference`; or what `check_terms` says.
        Refused: `product_of_another`.
    """
    values = dict(terms) | _about_product(session, seller, terms["product"])
    check_terms(values, now)
    made = bounty.insert().values(seller=seller, created_at=now, updated_at=now, **values)
    row = session.execute(made.returning(bounty)).one()
    return bounty_of(_with_fee(session, row, now, settings))


def edit_bounty(
    session: Session,
    public: str,
    seller: str | None,
    changes: Mapping[str, Any],
    now: datetime,
    settings: Settings,
) -> Bounty:
    """Change some of `TERMS`; what an open bounty needs more is funded first, what it needs less goes back.

    Raises:
        NotFound: no such bounty of the seller's.
        Invalid: as for drafting.
        Refused: `bounty_closed` and the like; `bounty_claimed`, only more slots or a later deadline are possible now;
            `not_enough_money`.
    """
    row = find_bounty(session, public, seller=seller, lock=True)
    if row.state not in ("draft", "open"):
        raise Refused(f"bounty_{row.state}", f"The bounty is {row.state}.", state=row.state)
    if row.taken:
        _refuse_taken(row, changes)
    if row.state == "open":
        _refuse_open(row, changes)
    after = {name: changes.get(name, getattr(row, name)) for name in TERMS}
    if "product" in changes or not row.taken:
        after |= _about_product(session, row.seller, after["product"])
    check_terms(after, now)
    before = unit(row) * row.slots
    done = bounty.update().where(bounty.c.id == row.id).values(updated_at=now, problem=None, **after)
    session.execute(done)
    row = _with_fee(session, find_bounty(session, public), now, settings)
    if row.state == "open":
        more = unit(row) * row.slots - before
        if more > 0:
            fund(session, row, more, now, settings)
        else:
            give_back(session, row, -more, now, settings)
    return bounty_of(find_bounty(session, public))


def _with_fee(session: Session, row: Any, now: datetime, settings: Settings) -> Any:
    """A draft has the fee of today; what has opened keeps the terms that it opened with."""
    rate, minimum = row.fee_rate, row.fee_minimum
    if row.state == "draft":
        rate, minimum = fee_terms(session, row.currency, now.astimezone(settings.zone).date())
    values = {
        "fee_rate": rate,
        "fee_minimum": minimum,
        "fee": fee_of(row.price, rate, minimum, row.currency),
    }
    changed = bounty.update().where(bounty.c.id == row.id).values(**values)
    return session.execute(changed.returning(bounty)).one()


def freeze_fee(session: Session, row: Any, now: datetime, settings: Settings) -> Any:
    """The row with the fee of the day on which it opens."""
    return _with_fee(session, row, now, settings)


def _about_product(session: Session, seller: str, product_id: str) -> dict[str, Any]:
    query = select(product.c.category, product.c.seller).where(product.c.id == product_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise Invalid("unknown_reference", f"No product {product_id!r}.", pointer="/product")
    if row.seller != seller:
        raise Refused("product_of_another", f"The product {product_id!r} is another seller's.")
    return {"category": row.category}


def _refuse_open(row: Any, changes: Mapping[str, Any]) -> None:
    if changes.get("currency", row.currency) != row.currency:
        raise Refused("bounty_open", "An open bounty keeps its currency; cancel it and open another.")
    if changes.get("opens_at") is not None:
        raise Refused("bounty_open", "The bounty is open already; it has no time to open at.")


def _refuse_taken(row: Any, changes: Mapping[str, Any]) -> None:
    other = sorted(
        name for name, value in changes.items() if name not in _AT_ANY_TIME and value != getattr(row, name)
    )
    fewer = changes.get("slots", row.slots) < row.slots
    earlier = changes.get("deadline", row.deadline) < row.deadline
    if other or fewer or earlier:
        told = "Somebody has claimed a slot: only more slots and a later deadline are possible now."
        raise Refused("bounty_claimed", told, fields=other or ["slots"] * fewer + ["deadline"] * earlier)
