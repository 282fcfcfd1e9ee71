"""Policies as they are read: the version in force, and all there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from attribution.tables import policy, policy_version
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Version:
    """One version; purchases made from `effective_from` until the next version's are attributed by it."""

    version: int
    model: str
    scope: str
    click_window_hours: int
    view_window_hours: int
    effective_from: datetime
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; `current` is the version in force, before the first comes into force that first one."""

    id: str
    created_at: datetime
    current: Version
    versions: list[Version]


def get_policy(session: Session, name: str, now: datetime) -> Policy:
    """One policy.

    Raises:
        NotFound: no such policy.
    """
    row = session.execute(select(policy).where(policy.c.id == name)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No policy {name!r}.")
    return _policies(session, [row], now)[0]


def list_policies(session: Session, now: datetime, limit: int, after: str = "") -> list[Policy]:
    """Policies in order of their ids, from the one after `after`."""
    rows = session.execute(select(policy).where(policy.c.id > after).order_by(policy.c.id).limit(limit)).all()
    return _policies(session, rows, now)


def _policies(session: Session, rows: Sequence[Row[Any]], now: datetime) -> list[Policy]:
    v = policy_version.c
    versions: dict[str, list[Version]] = {row.id: [] for row in rows}
    for found in session.execute(
        select(policy_version).where(v.policy.in_(versions)).order_by(v.policy, v.version)
    ):
        versions[found.policy].append(Version(*found[1:]))
    return [Policy(row.id, row.created_at, _current(versions[row.id], now), versions[row.id]) for row in rows]


def _current(versions: list[Version], now: datetime) -> Version:
    return next((each for each in reversed(versions) if each.effective_from <= now), versions[0])
