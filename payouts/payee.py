"""Who is paid where. Whatever changes must be verified by somebody else before money goes there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.tables import creator as creator_table
from core.errors import Conflict, NotFound, Refused
from core.money import Money
from core.people import same_person
from core.secrets import Vault
from payouts.payee_account import account_known, require_own_account
from payouts.payee_check import METHODS, TAX_STATUSES, check_payee, scheme_of
from payouts.tables import payee

__all__ = ["METHODS", "TAX_STATUSES"]


@dataclass(frozen=True, slots=True)
class Payee:
    """`destination` is masked: no more than the last four characters of each value are shown. `account_known`: for the
    method stripe, whether the account is the one that the creator opened through us.
    """

    creator: str
    tax_status: str
    method: str
    destination: dict[str, str]
    minimum: Money | None
    changed_by: str
    verified: bool
    verified_by: str | None
    account_known: bool | None
    hold_reason: str | None
    held_by: str | None
    updated_at: datetime


def get_payee(session: Session, vault: Vault, creator: str) -> Payee:
    """A creator's payee.

    Raises:
        NotFound: `not_found`.
    """
    row = _find(session, creator)
    destination = vault.open(row.destination)
    return Payee(
        row.creator,
        row.tax_status,
        row.method,
        {name: mask(value) for name, value in destination.items()},
        Money(row.minimum, row.minimum_currency) if row.minimum else None,
        row.changed_by,
        row.verified,
        row.verified_by,
        account_known(session, creator, destination["account"]) if row.method == "stripe" else None,
        row.hold_reason,
        row.held_by,
        row.updated_at,
    )


def put_payee(
    session: Session,
    vault: Vault,
    creator: str,
    *,
    tax_status: str,
    method: str,
    destination: Mapping[str, str],
    minimum: Money | None = None,
    person: str,
    now: datetime,
) -> Payee:
    """Say who is paid where. New content is unverified, whoever sent it; the same content changes nothing.

    `minimum`: payouts in its currency wait until so much is there. It is nobody's to verify: money goes nowhere else.

    Raises:
        NotFound: `not_found`, no such creator.
        Invalid: `bad_tax_status`, `bad_method`, `bad_destination`, `not_positive`, `not_minor_units`.
    Two who put at once take turns at the creator's row. A hold stays.
    """
    destination = check_payee(tax_status, method, destination)
    if minimum is not None:
        minimum.require_positive().require_minor()
    own = {
        "minimum": minimum and minimum.micros,
        "minimum_currency": minimum and minimum.currency,
    }
    held = select(creator_table.c.id).where(creator_table.c.id == creator).with_for_update(key_share=True)
    if session.scalar(held) is None:
        raise NotFound("not_found", "No such creator.")
    row = session.execute(select(payee).where(payee.c.creator == creator)).one_or_none()
    same = row and (row.tax_status, row.method) == (tax_status, method)
    if row and same and vault.open(row.destination) == destination:
        _write(session, creator, **own)
        return get_payee(session, vault, creator)

    values = {
        "tax_status": tax_status,
        "method": method,
        "destination": vault.seal(destination),
        "scheme": scheme_of(method, destination),
        "changed_by": person,
        "verified": False,
        "verified_by": None,
        "verified_at": None,
        "updated_at": now,
        **own,
    }
    session.execute(
        insert(payee)
        .values(creator=creator, **values)
        .on_conflict_do_update(index_elements=["creator"], set_=values)
    )
    return get_payee(session, vault, creator)


def verify_payee(
    session: Session, vault: Vault, creator: str, person: str, now: datetime, *, seen: datetime | None = None
) -> None:
    """Finance vouches for the destination; doing it twice changes nothing.

    `seen`: the `updated_at` that the person looked at, so that nobody vouches for what was changed meanwhile.

    Raises:
        NotFound: `not_found`.
        Refused: `own_change`, who changed it may not verify it; as `require_own_account`.
        Conflict: `payee_changed`.
    """
    row = _find(session, creator, lock=True)
    if seen is not None and row.updated_at != seen:
        raise Conflict("payee_changed", "The payee was changed after you looked at it.")
    if row.verified:
        return
    if same_person(row.changed_by, person):
        raise Refused("own_change", "Another person must verify what you changed.")
    if row.method == "stripe":
        require_own_account(session, creator, vault.open(row.destination)["account"])
    _write(session, creator, verified=True, verified_by=person, verified_at=now)


def hold_payee(session: Session, creator: str, reason: str, person: str) -> None:
    """Let no payout to this creator be drafted or sent until released; another reason replaces the first.

    Raises:
        NotFound: `not_found`.
    """
    _find(session, creator, lock=True)
    _write(session, creator, hold_reason=reason, held_by=person)


def release_payee(session: Session, creator: str, person: str) -> None:
    """End a hold; `person` stays in the row as who decided last. Without a hold nothing changes.

    Raises:
        NotFound: `not_found`.
    """
    if _find(session, creator, lock=True).hold_reason is not None:
        _write(session, creator, hold_reason=None, held_by=person)


def mask(value: str) -> str:
    """At most the last four characters, and never more than half of them."""
    shown = min(4, len(value) // 2)
    return "*" * (len(value) - shown) + value[len(value) - shown :]


def _find(session: Session, creator: str, *, lock: bool = False) -> Row[Any]:
    query = select(payee).where(payee.c.creator == creator)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("not_found", "This creator has no payee.")
    return row


def _write(session: Session, creator: str, **values: object) -> None:
    session.execute(update(payee).where(payee.c.creator == creator).values(**values))
