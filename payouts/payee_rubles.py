"""Bank details in Russia: INN, BIK, account and its key, and names that a file in code page 1251 can carry."""

import re
from collections.abc import Mapping

from stdnum.ru import inn as inn_number

from payouts.bank.text import unfit_for_1c
from payouts.payee_fields import at_most, bad, only

_BIK = re.compile(r"04\d{7}", re.ASCII)
_ACCOUNT = re.compile(r"\d{20}", re.ASCII)
_KPP = re.compile(r"\d{4}[0-9A-Z]{2}\d{3}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_RUBLE = "810"
# Settlement centres of the central bank: their clients' keys are made with the centre's own number.
_CENTRES = ("000", "001", "002")


def check_rubles(tax_status: str, destination: Mapping[str, str]) -> dict[str, str]:
    """The details as they are kept.

    Raises:
        Invalid: `bad_destination`, with the field. A non-resident person needs no INN.
    """
    needed = {"name", "bik", "account"} | (set() if tax_status == "non_resident" else {"inn"})
    only(destination, needed, {"inn", "correspondent", "kpp", "bank", "bank_town"})
    at_most(destination, {"name": 160, "bank": 160, "bank_town": 60})
    for field, value in destination.items():
        _check_letters(field, value)
    if "inn" in destination:
        _check_inn(tax_status, destination["inn"])
    if not _BIK.fullmatch(destination["bik"]):
        raise bad("bik", "9 digits that begin with 04.")
    _check_account(destination["account"], destination["bik"])
    if "correspondent" in destination:
        _check_correspondent(destination["correspondent"], destination["bik"])
    _check_kpp(tax_status, destination.get("kpp"))
    return dict(destination)


def key_fits(head: str, account: str) -> bool:
    """Does the ninth digit of an account fit? `head` is the three digits that stand for its bank."""
    digits = f"{head}{account}"
    return sum(int(digit) * (7, 1, 3)[place % 3] % 10 for place, digit in enumerate(digits)) % 10 == 0


def client_head(bik: str) -> str:
    """The three digits that stand for a bank in the keys of its clients' accounts."""
    return f"0{bik[4:6]}" if bik[6:] in _CENTRES else bik[6:]


def _check_letters(field: str, value: str) -> None:
    if why := unfit_for_1c(value):
        raise bad(field, f"{why}, and no payment file in rubles can carry that.")


def _check_inn(tax_status: str, inn: str) -> None:
    length = 10 if tax_status == "company" else 12
    # A foreign company has an INN of a company, a foreign person that of a person.
    lengths = (10, 12) if tax_status == "non_resident" else (length,)
    if not _DIGITS.fullmatch(inn) or len(inn) not in lengths:
        raise bad("inn", f"{' or '.join(map(str, lengths))} digits for a {tax_status.replace('_', ' ')}.")
    if not inn_number.is_valid(inn):
        raise bad("inn", "its check digits do not fit; a digit is wrong.")


def _check_account(account: str, bik: str) -> None:
    if not _ACCOUNT.fullmatch(account):
        raise bad("account", "20 digits.")
    if account[5:8] != _RUBLE:
        raise bad("account", f"is no ruble account: its digits 6 to 8 are {account[5:8]}, not {_RUBLE}.")
    if not key_fits(client_head(bik), account):
        raise bad("account", "its key (the ninth digit) does not fit the BIK; a digit of either is wrong.")


def _check_correspondent(account: str, bik: str) -> None:
    if not _ACCOUNT.fullmatch(account) or not account.startswith("301"):
        raise bad("correspondent", "20 digits that begin with 301.")
    if not key_fits(f"0{bik[4:6]}", account):
        raise bad("correspondent", "its key (the ninth digit) does not fit the BIK; a digit is wrong.")


def _check_kpp(tax_status: str, kpp: str | None) -> None:
    if kpp is None:
        return
    if tax_status not in ("company", "non_resident"):
        raise bad("kpp", "only a company has one.")
    if not _KPP.fullmatch(kpp):
        raise bad("kpp", "9 digits; the fifth and sixth may be letters.")
