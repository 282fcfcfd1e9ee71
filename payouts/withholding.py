"""Which tax is withheld from whom: dated, by tax status and currency, in bands over the year's base.

The arithmetic is `payable.sql`'s. A row is never edited: a new scale is a new row with its first day.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid, Refused
from core.money import Money, format_micros, minor_micros, parse_micros
from payouts.bank_tables import withholding
from payouts.payee_check import TAX_STATUSES
from payouts.store import day_of

MOST_BANDS = 20
_KIND = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)
_RATE = re.compile(r"0(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Band:
    """`rate` of the part of the year's base above the band before, up to `up_to` (None: all the rest)."""

    up_to: Money | None
    rate: str


@dataclass(frozen=True, slots=True)
class Withholding:
    """`kind` names the tax account; payouts of one kind share one yearly base."""

    tax_status: str
    currency: str
    valid_from: date
    kind: str
    bands: list[Band]
    made_by: str
    created_at: datetime


def list_withholdings(session: Session) -> list[Withholding]:
    """Everything that was ever laid down, by status and currency, newest first."""
    w = withholding.c
    rows = session.execute(select(withholding).order_by(w.tax_status, w.currency, w.valid_from.desc()))
    return [_withholding(row) for row in rows]


def add_withholding(
    session: Session,
    *,
    tax_status: str,
    currency: str,
    valid_from: date,
    kind: str,
    bands: Sequence[Band],
    person: str,
    now: datetime,
) -> Withholding:
    """Lay down what is withheld from payouts that are drafted on `valid_from` or later. The same again is the same.

    Raises:
        Invalid: `unknown_currency`, `bad_tax_status`, `bad_kind`, `bad_bands`.
        Refused: `in_the_past`, what was paid by then was taxed by the rules of then.
        Conflict: `withholding_exists`, that day has other rules already.
    """
    minor_micros(currency)
    if tax_status not in TAX_STATUSES:
        raise Invalid("bad_tax_status", f"One of {', '.join(TAX_STATUSES)}.", pointer="/tax_status")
    if not _KIND.fullmatch(kind):
        raise Invalid("bad_kind", "1 to 40 of a-z, 0-9, _ and -, such as ndfl.", pointer="/kind")
    _check_bands(bands, currency)
    text = json.dumps([[each.up_to and _units(each.up_to), each.rate] for each in bands])
    key = {"tax_status": tax_status, "currency": currency, "valid_from": valid_from}
    found = _find(session, key)
    if found is None:
        if valid_from < day_of(session, now):
            raise Refused(
                "in_the_past", "Rules begin today or later: what was paid before stays as it was taxed."
            )
        made = insert(withholding).values(**key, kind=kind, bands=text, made_by=person, created_at=now)
        session.execute(made.on_conflict_do_nothing())
        found = _find(session, key)
        assert found is not None
    if (found.kind, found.bands) != (kind, text):
        raise Conflict("withholding_exists", "Other rules begin on that day; choose a later one.")
    return _withholding(found)


def _find(session: Session, key: dict[str, Any]) -> Row[Any] | None:
    return session.execute(select(withholding).filter_by(**key)).one_or_none()


def _check_bands(bands: Sequence[Band], currency: str) -> None:
    bounds = [each.up_to for each in bands]
    if not 1 <= len(bands) <= MOST_BANDS or bounds[-1] is not None or None in bounds[:-1]:
        raise _bad(f"1 to {MOST_BANDS} bands; the last alone has no up_to.")
    micros = [each.micros for each in bounds if each is not None]
    if any(each is not None and each.currency != currency for each in bounds):
        raise _bad(f"up_to must be in {currency}.")
    if any(low >= high for low, high in zip([0, *micros], micros, strict=False)):
        raise _bad("up_to must rise from band to band.")
    if not all(_RATE.fullmatch(each.rate) for each in bands):
        raise _bad('A rate is below 1, with at most 6 decimals: "0.13" is 13 percent.')


def _bad(what: str) -> Invalid:
    return Invalid("bad_bands", what, pointer="/bands")


def _units(money: Money) -> str:
    return str(Decimal(format_micros(money.micros, money.currency)).normalize().__format__("f"))


def _withholding(row: Row[Any]) -> Withholding:
    bands = [
        Band(None if most is None else Money(parse_micros(most), row.currency), rate)
        for most, rate in json.loads(row.bands)
    ]
    return Withholding(
        row.tax_status, row.currency, row.valid_from, row.kind, bands, row.made_by, row.created_at
    )
