"""Details of our own accounts, checked the way that each format needs them."""

import re
from collections.abc import Callable, Mapping

from stdnum import bic, iban
from stdnum.ru import inn

from core.errors import Invalid
from payouts.bank.text import require_fit, unfit_for_1c, unfit_for_xml
from payouts.payee_rubles import client_head, key_fits

NAME_1C, NAME_XML = 160, 140
_DIGITS = re.compile(r"\d+", re.ASCII)
_KPP = re.compile(r"\d{4}[0-9A-Z]{2}\d{3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def check_ru(details: Mapping[str, str], prefix: str = "") -> None:
    """Name, tax number, BIK and accounts of a ruble account.

    Raises:
        Invalid: `unfit_field`, with `prefix` and the field's name.
    """
    for field, most in (("name", NAME_1C), ("bank", 160), ("bank_town", 60)):
        if field == "name" or field in details:
            value = details.get(field, "")
            require_fit(prefix + field, value, unfit_for_1c(str(value)), most)
    code, account = details.get("bik", ""), details.get("account", "")
    _ask(prefix + "bik", _number(code, 9) and code.startswith("04"), "must be 9 digits that begin with 04")
    _ask(prefix + "account", _number(account, 20), "must be 20 digits")
    _ask(
        prefix + "account", key_fits(client_head(code), account), "has a key that does not belong to the BIK"
    )
    if correspondent := details.get("correspondent"):
        _ask(prefix + "correspondent", _number(correspondent, 20), "must be 20 digits")
        right = key_fits(f"0{code[4:6]}", correspondent)
        _ask(prefix + "correspondent", right, "has a key that does not belong to the BIK")
    if number := details.get("inn"):
        _ask(prefix + "inn", _number(number) and inn.is_valid(number), "is no INN")
    if kpp := details.get("kpp"):
        _ask(prefix + "kpp", _KPP.fullmatch(kpp) is not None, "is no KPP")


def check_iban(details: Mapping[str, str], prefix: str = "") -> None:
    """Name, IBAN, BIC, town and country of an account anywhere else.

    Raises:
        Invalid: `unfit_field`, with `prefix` and the field's name.
    """
    limits = {"name": NAME_XML, "town": 35, "street": 70, "building": 16, "postcode": 16}
    for field, most in limits.items():
        if field in ("name", "town") or field in details:
            value = details.get(field, "")
            require_fit(prefix + field, value, unfit_for_xml(str(value)), most)
    number, code, country = details.get("iban", ""), details.get("bic"), details.get("country", "")
    _ask(prefix + "iban", number.isascii() and _valid(iban.is_valid, number), "is no IBAN")
    _ask(prefix + "bic", code is None or _valid(bic.is_valid, code), "is no BIC")
    _ask(prefix + "country", _COUNTRY.fullmatch(country) is not None, "must be two capital letters")


def _number(value: str, length: int | None = None) -> bool:
    return _DIGITS.fullmatch(value) is not None and length in (None, len(value))


def _valid(check: Callable[[str], bool], value: str) -> bool:
    """The library forgives spaces and small letters; a file does not."""
    return value == value.upper() and value.isalnum() and check(value)


def _ask(field: str, right: bool, why: str) -> None:
    if not right:
        raise Invalid("unfit_field", f"{field} {why}.", field=field)
