"""Bounties and claims as they stand, and the locks on them: bounty, claim, seller, then the ledger's balances.

Whoever moves a claim holds its bounty's lock, so that what is taken, funded and returned never changes between the look
and the entry. The lock lets new claims refer to the bounty (FOR NO KEY UPDATE).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bounties.tables import bounty, claim, claim_move
from core.errors import NotFound
from core.ids import key_of, public_id
from core.money import Money
from ledger import accounts


@dataclass(frozen=True, slots=True)
class Bonus:
    """`formula` over the content's figures of `days` whole days after the approval's, never more than `max`."""

    formula: str
    days: int
    max: Money


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may claim; None asks for nothing."""

    regions: list[str] | None
    min_followers: int
    categories: list[str] | None
    invited: list[str] | None


@dataclass(frozen=True, slots=True)
class Escrow:
    """`funded = released + returned + held`, always."""

    funded: Money
    released: Money
    returned: Money
    held: Money


@dataclass(frozen=True, slots=True)
class Bounty:
    """A paid task. `fee` is of one slot; until it opens, by the fee's terms of today. No `escrow`: not for who asks."""

    id: str
    seller: str
    product: str
    category: str
    title: str
    brief: str
    price: Money
    slots: int
    free: int
    deadline: datetime
    opens_at: datetime | None
    submit_hours: int
    review_hours: int
    rounds: int
    eligibility: Eligibility
    bonus: Bonus | None
    fee: Money
    token_required: bool
    contract: str | None
    state: str
    problem: str | None
    escrow: Escrow | None
    created_at: datetime
    updated_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimBonus:
    state: str
    since: date
    until: date
    paid: Money


@dataclass(frozen=True, slots=True)
class Claim:
    """A creator's place in a bounty. `due_at`: when time makes the next move; `paid` and `fee`: what it was paid."""

    id: str
    bounty: str
    creator: str
    state: str
    due_at: datetime | None
    content: str | None
    token: str | None
    rounds: int
    reason: str | None
    decided_by: str | None
    submitted_at: datetime | None
    decided_at: datetime | None
    paid: Money
    fee: Money
    bonus: ClaimBonus | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimMove:
    at: datetime
    verb: str
    who: str
    person: str | None
    state: str
    reason: str | None
    content: str | None


def bounty_id(row: Any) -> str:
    """The public id of a bounty's row."""
    return public_id("bty", row.id, row.created_at)


def escrow(key: int, created_at: datetime) -> str:
    """The account that holds a bounty's money."""
    return accounts.bounty_escrow(public_id("bty", key, created_at))


def unit(row: Any) -> int:
    """What one slot may need in all, in micros."""
    return int(row.price + row.bonus_max + row.fee)


def find_bounty(session: Session, public: str, *, seller: str | None = None, lock: bool = False) -> Row[Any]:
    """A bounty's row; with `seller`, only among that seller's.

    Raises:
        NotFound: no such bounty.
    """
    query = select(bounty).where(bounty.c.id == key_of("bty", public))
    row = session.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None or bounty_id(row) != public or seller not in (None, row.seller):
        raise NotFound("not_found", "No such bounty.")
    return row


def find_claim(
    session: Session,
    public: str,
    *,
    creator: str | None = None,
    seller: str | None = None,
    lock: bool = False,
) -> tuple[Row[Any], Row[Any]]:
    """A bounty's and a claim's row, both locked if asked, the bounty first; of a creator or a seller if named.

    Raises:
        NotFound: no such claim among theirs.
    """
    c = claim.c
    key = key_of("clm", public)
    of = session.scalar(select(c.bounty_id).where(c.id == key))
    about, found = select(bounty).where(bounty.c.id == of), select(claim).where(c.id == key)
    if lock:
        about, found = about.with_for_update(key_share=True), found.with_for_update(key_share=True)
    task, row = session.execute(about).one_or_none(), session.execute(found).one_or_none()
    known = task is not None and row is not None and public_id("clm", row.id, row.created_at) == public
    if not known or creator not in (None, row.creator) or seller not in (None, task.seller):
        raise NotFound("not_found", "No such claim.")
    return task, row


def move_claim(session: Session, row: Any, verb: str, who: str, person: str | None, now: datetime, **values: Any) -> Row[Any]:  # fmt: skip
    """Change a locked claim and note who did it; the claim as it is then."""
    changed = claim.update().where(claim.c.id == row.id).values(updated_at=now, **values)
    done = session.execute(changed.returning(claim)).one()
    session.execute(
        claim_move.insert().values(
            claim_id=row.id,
            verb=verb,
            who=who,
            person=person,
            state=done.state,
            reason=values.get("reason"),
            content=values.get("content"),
            at=now,
        )
    )
    return done


def claim_moves(session: Session, key: int) -> list[ClaimMove]:
    """What happened to a claim, oldest first."""
    m = claim_move.c
    query = select(m.at, m.verb, m.who, m.person, m.state, m.reason, m.content)
    return [ClaimMove(*row) for row in session.execute(query.where(m.claim_id == key).order_by(m.id))]


def bounty_of(row: Row[Any]) -> Bounty:
    """A row as it is shown."""

    def money(micros: int) -> Money:
        return Money(micros, row.currency)

    bonus = row.bonus_formula and Bonus(row.bonus_formula, row.bonus_days, money(row.bonus_max))
    held = row.funded - row.released - row.returned
    return Bounty(
        bounty_id(row), row.seller, row.product, row.category, row.title, row.brief, money(row.price),
        row.slots, row.slots - row.taken, row.deadline, row.opens_at, row.submit_hours, row.review_hours, row.rounds,
        Eligibility(row.regions, row.min_followers, row.categories, row.invited),
        bonus, money(row.fee), row.token_required, row.contract, row.state, row.problem,
        Escrow(money(row.funded), money(row.released), money(row.returned), money(held)),
        row.created_at, row.updated_at, row.opened_at, row.closed_at, row.ended_at,
    )  # fmt: skip


def claim_of(task: Any, row: Any) -> Claim:
    """A claim's row as it is shown; `task` is its bounty's row."""
    currency = task.currency
    bonus = None
    if row.bonus_state != "none":
        bonus = ClaimBonus(row.bonus_state, row.bonus_from, row.bonus_until, Money(row.bonus, currency))
    return Claim(
        public_id("clm", row.id, row.created_at), bounty_id(task), row.creator, row.state, row.due_at, row.content,
        row.token, row.rounds, row.reason, row.decided_by, row.submitted_at, row.decided_at,
        Money(row.price, currency), Money(row.fee, currency), bonus, row.created_at, row.updated_at, row.ended_at,
    )  # fmt: skip


def bounties_by_key(session: Session, keys: Collection[int]) -> dict[int, Row[Any]]:
    """Rows by key."""
    return {row.id: row for row in session.execute(select(bounty).where(bounty.c.id.in_(keys)))}
