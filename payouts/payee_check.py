"""Is a payee complete and sound? Told before anybody verifies it, so that no bank refuses it after the approval."""

import re
from collections.abc import Mapping

from core.errors import Invalid
from payouts.payee_iban import check_iban
from payouts.payee_rubles import check_rubles

TAX_STATUSES = ("individual", "self_employed", "sole_proprietor", "company", "non_resident")
METHODS = ("manual", "stripe", "bank")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{1,64}", re.ASCII)


def check_payee(tax_status: str, method: str, destination: Mapping[str, str]) -> dict[str, str]:
    """The destination as it is kept.

    Raises:
        Invalid: `bad_tax_status`, `bad_method`, `bad_destination` with the field and what is wrong with it.
    """
    if tax_status not in TAX_STATUSES:
        raise Invalid("bad_tax_status", f"One of {', '.join(TAX_STATUSES)}.", pointer="/tax_status")
    if method not in METHODS:
        raise Invalid("bad_method", f"One of {', '.join(METHODS)}.", pointer="/method")
    _check_texts(destination)
    if method == "stripe":
        return _check_stripe(destination)
    if method == "manual":
        return dict(destination)
    if scheme_of(method, destination) == "iban":
        return check_iban(destination)
    return check_rubles(tax_status, destination)


def scheme_of(method: str, destination: Mapping[str, str]) -> str | None:
    """Which of the two kinds of bank details these are; None for the methods that have none."""
    if method != "bank":
        return None
    return "iban" if "iban" in destination else "rubles"


def _check_texts(destination: Mapping[str, str]) -> None:
    if not 1 <= len(destination) <= 20:
        raise Invalid("bad_destination", "A destination has 1 to 20 fields.", pointer="/destination")
    for name, value in destination.items():
        if not _FIELD.fullmatch(name):
            raise Invalid("bad_destination", "A field is named in a-z, 0-9 and _.", pointer="/destination")
        if not isinstance(value, str) or not 1 <= len(value) <= 256 or not value.isprintable():
            raise Invalid(
                "bad_destination",
                f"{name}: 1 to 256 characters that can be printed; line breaks and control characters are none.",
                pointer=f"/destination/{name}",
            )


def _check_stripe(destination: Mapping[str, str]) -> dict[str, str]:
    if set(destination) != {"account"}:
        raise Invalid("bad_destination", "Stripe needs the account and nothing else.", pointer="/destination")
    if not _ACCOUNT.fullmatch(destination["account"]):
        raise Invalid(
            "bad_destination",
            "account: a connected account such as acct_1Nv0FGQ9RKHgCVdK.",
            pointer="/destination/account",
        )
    return dict(destination)
