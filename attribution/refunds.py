"""Apply staged refunds to their purchases, park those that came first, refuse what takes back more than is left."""

from functools import cache

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.money import known_currencies, minor_micros

USUAL_UNIT = 10_000  # micros of a minor unit of a currency with two digits

_FATES = text("SELECT DISTINCT fate FROM staged WHERE kind = 4")


def apply_refunds(session: Session, at: dict[str, object]) -> None:
    """Judge, park and apply the staged refunds; the caller holds the lock on sales.

    The purchases' rows are locked in the order of their ids before they are read: attribution locks none, and
    whoever else does must keep that order.
    """
    session.execute(sql("attribution", "refund_judge"), at)
    fates = set(session.scalars(_FATES))
    if "park" in fates:
        session.execute(sql("attribution", "refund_park"), at)
    if "apply" in fates:
        session.execute(sql("attribution", "refund_lock"))
        currencies, units = _unusual_units()
        session.execute(sql("attribution", "refund_apply"), {**at, "currencies": currencies, "units": units})


@cache
def _unusual_units() -> tuple[list[str], list[int]]:
    """The currencies whose minor unit is not a hundredth, and their units in micros."""
    units = {code: minor_micros(code) for code in sorted(known_currencies())}
    unusual = {code: unit for code, unit in units.items() if unit != USUAL_UNIT}
    return list(unusual), list(unusual.values())
