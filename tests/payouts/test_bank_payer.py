"""Who pays is said in a file, whole and right, or told what is wrong in it."""

from pathlib import Path
from typing import Any

import pytest
from bank_world import TABLES

from core.errors import Invalid, Refused
from core.settings import load_settings
from payouts.bank.payer import load_payer, payer_of

TOML = """
[ru]
name = "ООО «Рынок»"
inn = "7707083893"
bik = "044525225"
account = "{account}"
correspondent = "30101810400000000225"
bank = "ПАО СБЕРБАНК"
bank_town = "г. Москва"
"""


def test_the_file_is_read_when_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "payer.toml"
    settings = load_settings({"KOPECK_HOME": "/nowhere", "KOPECK_PAYER_FILE": str(path)})
    with pytest.raises(Refused, match=r"payer\.toml") as caught:
        load_payer(settings)
    assert caught.value.code == "bad_payer_file"
    path.write_text(TOML.format(account=TABLES["ru"]["account"]))
    payer = load_payer(settings)
    assert payer.ru is not None and payer.ru["bank"] == "ПАО СБЕРБАНК"
    assert payer.iban is None and "НДС не облагается" in payer.ru["purpose"]
    path.write_text(TOML.format(account="40817810000000000009"))
    with pytest.raises(Refused, match=r"ru\.account has a key"):
        load_payer(settings)
    with pytest.raises(Refused) as caught:
        load_payer(load_settings({"KOPECK_HOME": "/nowhere"}))
    assert caught.value.code == "payer_not_set"


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("ru", "name", "two\nlines"),
        ("ru", "name", 5),
        ("ru", "bank", None),
        ("ru", "swift", "x"),
        ("ru", "inn", "7707083894"),
        ("ru", "purpose", "without a mark"),
        ("ru", "purpose", "{reference} twice {reference}"),
        ("ru", "purpose", "{reference}" + "x" * 200),
        ("ru", "purpose", "{reference} ₽"),
        ("iban", "iban", "DE00370400440000000010"),
        ("iban", "town", None),
        ("iban", "country", "D"),
        ("iban", "purpose", "x" * 120 + "{reference}"),
        ("us", "name", "x"),
    ],
)
def test_what_is_wrong_is_named(kind: str, field: str, value: Any) -> None:
    table = {name: text for name, text in (TABLES.get(kind, {}) | {field: value}).items() if text is not None}
    with pytest.raises(Invalid) as caught:
        payer_of(TABLES | {kind: table})
    assert caught.value.code in {"unfit_field", "unknown_field"}
    assert kind == "us" or kind in caught.value.detail


def test_an_empty_file_is_no_payer() -> None:
    with pytest.raises(Invalid):
        payer_of({})
