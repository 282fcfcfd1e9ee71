"""Bounties and claims in lists: what is open for a creator, a seller's own with its counts, a creator's claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.orm import Session

from bounties.find import Bounty, Claim, bounty_of, claim_of
from bounties.states import BOUNTY_STATES, CLAIM_STATES
from bounties.tables import bounty, claim
from catalog.sellers import find_seller
from catalog.tables import content, follow, product, product_tag
from catalog.tables import creator as catalog_creator
from core.money import Money

_b, _c = bounty.c, claim.c


@dataclass(frozen=True, slots=True)
class SellerCounts:
    """How many bounties are in each state, how many claims, and the seller's escrow by currency."""

    seller: str
    bounties: dict[str, int]
    claims: dict[str, int]
    to_review: int
    held: list[Money]


def open_bounties(
    session: Session, asked: Mapping[str, Any], now: datetime, limit: int, before: int | None
) -> list[tuple[int, Bounty]]:
    """What can be claimed now, newest first. `asked`: seller, category, currency, least_price (micros), deadline_after, and `fits`, a
    creator: only what that creator may claim and has not claimed."""
    query = select(bounty).where(_b.state == "open", _b.taken < _b.slots, _b.deadline > now)
    if asked.get("fits"):
        query = _fitting(query, asked["fits"])
    for column, name in ((_b.seller, "seller"), (_b.category, "category"), (_b.currency, "currency")):
        if asked.get(name):
            query = query.where(column == asked[name])
    if asked.get("least_price"):
        query = query.where(_b.price >= asked["least_price"])
    if asked.get("deadline_after"):
        query = query.where(_b.deadline >= asked["deadline_after"])
    return _bounties(session, query, limit, before)


def list_bounties(
    session: Session, seller: str | None, state: str | None, limit: int, before: int | None
) -> list[tuple[int, Bounty]]:
    """Bounties with their keys, newest first; of one seller or in one state if asked."""
    query = select(bounty)
    for column, wanted in ((_b.seller, seller), (_b.state, state)):
        query = query if wanted is None else query.where(column == wanted)
    return _bounties(session, query, limit, before)


def list_claims(
    session: Session,
    limit: int,
    before: int | None,
    *,
    of: int | None = None,
    creator: str | None = None,
    state: str | None = None,
) -> list[tuple[int, Claim]]:
    """Claims with their keys, newest first: of a bounty (its key), a creator, or in a state."""
    query = select(claim, _b.currency, _b.created_at.label("bounty_created_at")).join(
        bounty, _b.id == _c.bounty_id
    )
    for column, wanted in ((_c.bounty_id, of), (_c.creator, creator), (_c.state, state)):
        query = query if wanted is None else query.where(column == wanted)
    if before is not None:
        query = query.where(_c.id < before)
    rows = session.execute(query.order_by(_c.id.desc()).limit(limit))
    return [
        (row.id, claim_of(_Task(row.bounty_id, row.bounty_created_at, row.currency), row)) for row in rows
    ]


def seller_counts(session: Session, seller: str) -> SellerCounts:
    """What a seller looks at first: how its bounties stand, and what waits for its review.

    Raises:
        NotFound: no such seller.
    """
    find_seller(session, seller)
    mine = select(_b.state, func.count().label("n")).where(_b.seller == seller).group_by(_b.state)
    claims = select(_c.state, func.count().label("n")).join(bounty, _b.id == _c.bounty_id)
    held = select(_b.currency, func.sum(_b.funded - _b.released - _b.returned).label("held"))
    states = {row.state: row.n for row in session.execute(mine)}
    work = {row.state: row.n for row in session.execute(claims.where(_b.seller == seller).group_by(_c.state))}
    pots = session.execute(
        held.where(_b.seller == seller, _b.funded > 0).group_by(_b.currency).order_by(_b.currency)
    )
    return SellerCounts(
        seller,
        {state: states.get(state, 0) for state in BOUNTY_STATES},
        {state: work.get(state, 0) for state in CLAIM_STATES},
        work.get("submitted", 0),
        [Money(int(row.held), row.currency) for row in pots],
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """What a claim's picture needs of its bounty."""

    id: int
    created_at: datetime
    currency: str


def _bounties(
    session: Session, query: Select[Any], limit: int, before: int | None
) -> list[tuple[int, Bounty]]:
    if before is not None:
        query = query.where(_b.id < before)
    rows = session.execute(query.order_by(_b.id.desc()).limit(limit))
    return [(row.id, bounty_of(row)) for row in rows]


def _fitting(query: Select[Any], creator: str) -> Select[Any]:
    """As `eligible` asks, for many bounties at once: the creator's facts are looked up once each."""
    r, k, t, p = catalog_creator.c, content.c, product_tag.c, product.c
    followers = (
        select(func.count()).where(follow.c.creator == creator, follow.c.until.is_(None)).scalar_subquery()
    )
    region = select(r.region).where(r.id == creator).scalar_subquery()
    tags = (
        select(func.array_agg(p.category.distinct()))
        .select_from(product)
        .join(product_tag, t.product == p.id)
        .join(content, k.id == t.content)
    )
    categories = tags.where(k.creator == creator, k.deleted_at.is_(None), t.tagged_until.is_(None))
    mine = select(_c.id).where(
        _c.bounty_id == _b.id, _c.creator == creator, _c.state.not_in(("withdrawn", "expired"))
    )
    return query.where(
        select(r.id).where(r.id == creator, r.status == "active").exists(),
        or_(_b.regions.is_(None), region == func.any(_b.regions)),
        or_(_b.min_followers == 0, _b.min_followers <= followers),
        or_(_b.invited.is_(None), literal(creator) == func.any(_b.invited)),
        or_(_b.categories.is_(None), _b.categories.overlap(categories.scalar_subquery())),
        ~mine.exists(),
    )
