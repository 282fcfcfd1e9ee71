"""Attribution policies: named, versioned; a purchase goes by the version in force when it was made."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from attribution.tables import MODELS, SCOPES, policy, policy_version
from core.errors import Invalid, Refused

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('kopeck attribution'))")


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """How sales between two moments are attributed; windows in hours, `until` is open."""

    policy: str
    version: int
    model: str
    scope: str
    click_window_hours: int
    view_window_hours: int
    since: datetime
    until: datetime


def versions(session: Session) -> list[PolicyVersion]:
    """Every version of every policy, in order of name and time."""
    v = policy_version.c
    until = func.lead(v.effective_from).over(partition_by=v.policy, order_by=v.effective_from)
    rows = session.execute(
        select(
            v.policy,
            v.version,
            v.model,
            v.scope,
            v.click_window_hours,
            v.view_window_hours,
            v.effective_from,
            func.coalesce(until, FOREVER),
        ).order_by(v.policy, v.effective_from)
    )
    return [PolicyVersion(*row) for row in rows]


def add_version(
    session: Session,
    name: str,
    *,
    model: str,
    scope: str,
    click_window_hours: int,
    view_window_hours: int,
    effective_from: datetime,
    by: str,
    now: datetime,
) -> PolicyVersion:
    """A new policy, or the next version of one. The first may start in the past, a later one only in the future.

    Raises:
        Invalid: `bad_policy` (an unknown model or scope).
        Refused: `version_not_in_future`, it would change how past purchases were attributed, or a later one's time.
    """
    if model not in MODELS or scope not in SCOPES:
        raise Invalid("bad_policy", f"Models: {', '.join(MODELS)}. Scopes: {', '.join(SCOPES)}.")
    session.execute(_LOCK)  # attribution reads the versions under it
    v = policy_version.c
    last = session.execute(
        select(func.max(v.version).label("version"), func.max(v.effective_from).label("since")).where(
            v.policy == name
        )
    ).one()
    if last.version is None:
        session.execute(insert(policy).values(id=name, created_at=now))
    elif effective_from <= max(now, last.since):
        raise Refused(
            "version_not_in_future", "A later version starts in the future, after those that stand already."
        )
    made = PolicyVersion(
        name,
        (last.version or 0) + 1,
        model,
        scope,
        click_window_hours,
        view_window_hours,
        effective_from,
        FOREVER,
    )
    session.execute(
        insert(policy_version).values(
            policy=name,
            version=made.version,
            model=model,
            scope=scope,
            click_window_hours=click_window_hours,
            view_window_hours=view_window_hours,
            effective_from=effective_from,
            created_by=by,
            created_at=now,
        )
    )
    return made
