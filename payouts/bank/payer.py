"""Who pays: our own accounts, from the TOML file that the setting `payer_file` names.

[ru]    name, inn, kpp?, bik, account, correspondent, bank, bank_town, purpose?    for 1C files
[iban]  name, iban, bic?, street?, building?, postcode?, town, country, purpose?    for pain.001 files

`purpose` is the text of every payment; {reference} in it becomes the mark by which statements are matched.
"""

import tomllib
from dataclasses import dataclass
from typing import Any

from core.errors import Invalid, Refused
from core.settings import Settings
from payouts.bank.details import check_iban, check_ru
from payouts.bank.text import require_fit, unfit_for_1c, unfit_for_xml

REFERENCE = "{reference}"
_RU = ("name", "inn", "kpp", "bik", "account", "correspondent", "bank", "bank_town", "purpose")
_IBAN = ("name", "iban", "bic", "street", "building", "postcode", "town", "country", "purpose")
_OPTIONAL = ("kpp", "bic", "street", "building", "postcode", "purpose")
_PURPOSE_RU = f"Выплата вознаграждения автору, {REFERENCE}. НДС не облагается."
_PURPOSE_IBAN = f"Creator payout {REFERENCE}"
_LONGEST_REFERENCE = 32


@dataclass(frozen=True, slots=True)
class Payer:
    """Checked details by kind of account; None where the file has none."""

    ru: dict[str, str] | None = None
    iban: dict[str, str] | None = None

    def account_kinds(self) -> dict[str, str]:
        """Which kind of account each of our own account numbers is."""
        own = {self.ru["account"]: "ru"} if self.ru else {}
        return own | ({self.iban["iban"]: "iban"} if self.iban else {})


def load_payer(settings: Settings) -> Payer:
    """Our own details, read afresh, so that a mended file needs no restart.

    Raises:
        Refused: `payer_not_set`; `bad_payer_file`, with what is wrong in it.
    """
    if settings.payer_file is None:
        raise Refused("payer_not_set", "Set KOPECK_PAYER_FILE to a TOML file with our own accounts.")
    try:
        tables = tomllib.loads(settings.payer_file.read_text(encoding="utf-8"))
        return payer_of(tables)
    except (OSError, ValueError, Invalid) as error:
        raise Refused("bad_payer_file", f"{settings.payer_file}: {error}") from None


def payer_of(tables: dict[str, Any]) -> Payer:
    """The payer in the tables of a file.

    Raises:
        Invalid: `unfit_field`, `unknown_field`.
    """
    if not tables or set(tables) - {"ru", "iban"}:
        raise Invalid("unknown_field", "The file has the tables [ru] and [iban], or one of them.")
    return Payer(
        _table(tables["ru"], "ru", _RU, _PURPOSE_RU) if "ru" in tables else None,
        _table(tables["iban"], "iban", _IBAN, _PURPOSE_IBAN) if "iban" in tables else None,
    )


def _table(given: Any, kind: str, fields: tuple[str, ...], purpose: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Invalid("unfit_field", f"[{kind}] is a table of texts.", field=kind)
    if unknown := sorted(set(given) - set(fields)):
        raise Invalid("unknown_field", f"{kind}.{unknown[0]} is no field; there are {', '.join(fields)}.")
    if missing := [field for field in fields if field not in given and field not in _OPTIONAL]:
        raise Invalid("unfit_field", f"{kind}.{missing[0]} is missing.", field=f"{kind}.{missing[0]}")
    details = {"purpose": purpose} | given
    check_ru(details, "ru.") if kind == "ru" else check_iban(details, "iban.")
    _check_purpose(details["purpose"], kind)
    return details


def _check_purpose(purpose: str, kind: str) -> None:
    """One `{reference}`, so that a statement leads back to the payout; the limit holds for the longest one."""
    longest = purpose.replace(REFERENCE, "0" * _LONGEST_REFERENCE)
    why = unfit_for_1c(longest) if kind == "ru" else unfit_for_xml(longest)
    require_fit(f"{kind}.purpose", longest, why, 210 if kind == "ru" else 140)
    if purpose.count(REFERENCE) != 1:
        raise Invalid("unfit_field", f"{kind}.purpose must hold {REFERENCE} once.", field=f"{kind}.purpose")
