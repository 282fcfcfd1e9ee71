"""Bank details by IBAN; banks have refused addresses without town and country since November 2026."""

import re
from collections.abc import Mapping
from functools import cache

from babel import Locale
from stdnum import bic as bic_number
from stdnum import iban as iban_number

from payouts.bank.text import unfit_for_xml
from payouts.payee_fields import at_most, bad, only

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_NO_COUNTRY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


def check_iban(destination: Mapping[str, str]) -> dict[str, str]:
    """The details as they are kept: IBAN and BIC without spaces, in capitals.

    Raises:
        Invalid: `bad_destination`, with the field.
    """
    only(destination, {"name", "iban", "country", "town"}, {"bic", "street", "building", "postcode"})
    at_most(destination, {"name": 140, "town": 35, "street": 70, "building": 16, "postcode": 16})
    for field, value in destination.items():
        if why := unfit_for_xml(value):
            raise bad(field, f"{why}; a payment file cannot carry it.")
    kept = dict(destination) | {"iban": "".join(destination["iban"].split()).upper()}
    if not kept["iban"].isascii() or not iban_number.is_valid(kept["iban"]):
        raise bad(
            "iban", "its check digits, or its length for the country, do not fit; a character is wrong."
        )
    if "bic" in destination:
        kept["bic"] = "".join(destination["bic"].split()).upper()
        if not kept["bic"].isascii() or not bic_number.is_valid(kept["bic"]):
            raise bad("bic", "8 or 11 letters and digits, such as AGRIFRPP.")
    if kept["country"] not in _countries():
        raise bad("country", "two capital letters of ISO 3166, such as DE.")
    return kept


@cache
def _countries() -> frozenset[str]:
    return frozenset(
        code for code in Locale("en").territories if _COUNTRY.fullmatch(code) and code not in _NO_COUNTRY
    )
