"""Bank details that a bank would refuse are refused when they are entered, with the field named (RU1)."""

import pytest

from core.errors import Invalid
from payouts.payee_check import check_payee, scheme_of
from payouts.payee_rubles import key_fits

RUBLES = {
    "name": "Иванов Ёж — «ё» №1",
    "inn": "500100732259",
    "bik": "049805746",
    "account": "40602810700000000025",
    "correspondent": "30101810800000000746",
}
IBAN = {"name": "Jürgen Groß", "iban": "DE89370400440532013000", "country": "DE", "town": "Köln"}
FIRM = RUBLES | {"name": "ООО Ромашка", "inn": "7707083893", "kpp": "770701001"}


def one_digit_wrong(value: str) -> list[str]:
    """Every number that differs from `value` in one digit."""
    return [
        value[:place] + str((int(digit) + more) % 10) + value[place + 1 :]
        for place, digit in enumerate(value)
        for more in range(1, 10)
    ]


def refused(destination: dict[str, str], status: str = "individual", method: str = "bank") -> str:
    with pytest.raises(Invalid) as caught:
        check_payee(status, method, destination)
    assert caught.value.code == "bad_destination"
    return str(caught.value.pointer).removeprefix("/destination").removeprefix("/")


@pytest.mark.parametrize(
    ("status", "destination"),
    [
        ("individual", RUBLES),
        ("individual", {name: RUBLES[name] for name in ("name", "inn", "bik", "account")}),
        ("company", FIRM),
        ("non_resident", {name: RUBLES[name] for name in ("name", "bik", "account")}),
        ("individual", IBAN | {"bic": "AGRIFRPP882"}),
    ],
)
def test_good_details_are_kept(status: str, destination: dict[str, str]) -> None:
    assert check_payee(status, "bank", destination) == destination


def test_an_iban_is_kept_plain() -> None:
    kept = check_payee(
        "individual", "bank", IBAN | {"iban": "de89 3704 0044 0532 0130 00", "bic": "agrifrpp"}
    )
    assert (kept["iban"], kept["bic"]) == ("DE89370400440532013000", "AGRIFRPP")
    assert (scheme_of("bank", IBAN), scheme_of("bank", RUBLES), scheme_of("manual", IBAN)) == (
        "iban",
        "rubles",
        None,
    )


@pytest.mark.parametrize("field", ["inn", "account", "correspondent"])
def test_one_wrong_digit_is_found(field: str) -> None:
    """The account's currency digits name the account, too."""
    for wrong in one_digit_wrong(RUBLES[field]):
        assert refused(RUBLES | {field: wrong}) == field
    for wrong in one_digit_wrong(FIRM[field]):
        assert refused(FIRM | {field: wrong}, "company") == field


def test_one_wrong_digit_of_the_bik_is_found_by_the_keys() -> None:
    """Of its first two digits and of those that no key covers only the form can tell."""
    for place in range(6, 9):
        for more in range(1, 10):
            digit = str((int(RUBLES["bik"][place]) + more) % 10)
            assert (
                refused(RUBLES | {"bik": RUBLES["bik"][:place] + digit + RUBLES["bik"][place + 1 :]})
                == "account"
            )
    assert refused(RUBLES | {"bik": "149805746"}) == "bik"


def test_the_iban_and_its_neighbours() -> None:
    for wrong in one_digit_wrong("89370400440532013000"):
        assert refused(IBAN | {"iban": f"DE{wrong}"}) == "iban"
    for field, wrong in (("bic", "AGRIFRPP88"), ("country", "XX"), ("country", "de"), ("town", "x" * 36)):
        assert refused(IBAN | {field: wrong}) == field
    for field in IBAN:
        left = {name: value for name, value in IBAN.items() if name != field}
        # Without an IBAN they are taken for details in Russia, which need an account.
        assert refused(left) == ("account" if field == "iban" else field)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\0b", "a\tb", "a\x7fb", "Ә", "₽", "😀", "x" * 161, " a", ""]
)
def test_a_name_that_no_file_could_carry(text: str) -> None:
    assert refused(RUBLES | {"name": text}) == "name"


def test_words_of_the_format_and_what_lies_beyond_unicode_s_first_plane() -> None:
    assert refused(RUBLES | {"name": "a КОНЕЦДОКУМЕНТА"}) == "name"
    assert refused(IBAN | {"name": "😀"}) == "name"
    assert check_payee("individual", "bank", IBAN | {"name": "Ә ₽"})["name"] == "Ә ₽"


def test_control_characters_stand_nowhere() -> None:
    for destination in (RUBLES, IBAN):
        for field in destination:
            assert refused(destination | {field: f"{destination[field]}\n"}) == field


@pytest.mark.parametrize(
    ("status", "changed", "field"),
    [
        ("individual", {"extra": "1"}, "extra"),
        ("individual", {"kpp": "770701001"}, "kpp"),
        ("company", {}, "inn"),
        ("company", {"inn": "7707083893", "kpp": "77070100"}, "kpp"),
        ("individual", {"account": "40602840700000000025"}, "account"),
        ("individual", {"account": "4060281070000000002٥"}, "account"),
        ("individual", {"correspondent": "30201810800000000746"}, "correspondent"),
    ],
)
def test_what_does_not_belong(status: str, changed: dict[str, str], field: str) -> None:
    assert refused(RUBLES | changed, status) == field


def test_the_keys_of_the_official_examples() -> None:
    assert key_fits("746", "40602810700000000025") and key_fits("005", "30101810800000000746")
    assert not key_fits("746", "40602810600000000025")


def test_a_settlement_centre_s_clients() -> None:
    """Their keys are made with the centre's own number, whatever the BIK's last digits are."""
    account = next(
        each for each in (f"40102810{key}00000000005" for key in range(10)) if key_fits("005", each)
    )
    assert check_payee(
        "individual", "bank", {**RUBLES, "bik": "040005001", "account": account, "correspondent": _own()}
    )


def _own() -> str:
    return next(each for each in (f"30101810{key}00000000001" for key in range(10)) if key_fits("005", each))


def test_stripe_takes_a_connected_account_alone() -> None:
    assert check_payee("company", "stripe", {"account": "acct_1Nv0FGQ9RKHgCVdK"})
    assert refused({"account": "acc_1"}, method="stripe") == "account"
    assert refused({"account": "acct_1", "name": "x"}, method="stripe") == ""
