"""Statements in the 1C format: two code pages, and no file is half understood."""

import pytest
from bank_world import OWN_RU, incoming, ru_account, statement_1c

from core.errors import Invalid
from payouts.bank.read_1c import read_1c

GOOD = statement_1c(incoming("5.00", "Проценты № 1 — май")).decode("cp1251")


def refused(text: str, page: str = "cp1251") -> str:
    with pytest.raises(Invalid) as caught:
        read_1c(text.encode(page))
    assert caught.value.code in {"bad_statement", "bad_amount", "not_minor_units"}
    return caught.value.detail


def test_both_code_pages_say_the_same() -> None:
    plain = GOOD.replace(" — ", " - ").replace("№", "N")
    windows = read_1c(plain.encode("cp1251"))
    assert read_1c(plain.replace("Windows", "DOS").encode("cp866")) == windows
    [line] = windows.lines
    assert (line.micros, line.purpose, line.counterparty) == (5_000_000, "Проценты N 1 - май", "ООО Ромашка")
    assert (windows.account, windows.opening, windows.closing) == (OWN_RU, 0, 5_000_000)
    assert read_1c(plain.replace("\r\n", "\n").encode("cp1251")) == windows


def test_a_longer_purpose_comes_in_lines() -> None:
    parts = "\r\n".join(f"НазначениеПлатежа{n}=часть{n}" for n in range(1, 4))
    [line] = read_1c(GOOD.replace("НазначениеПлатежа=Проценты № 1 — май", parts).encode("cp1251")).lines
    assert line.purpose == "часть1часть2часть3"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("1CClientBankExchange", "2CClientBankExchange"),
        ("Кодировка=Windows", "Кодировка=UTF-8"),
        ("Кодировка=Windows", "Кодировка=DOS"),
        ("КонецФайла", ""),
        ("КонецФайла", "КонецФайла\r\nСекцияДокумент=x"),
        ("КонецДокумента\r\n", ""),
        ("КонецРасчСчет\r\n", ""),
        ("СекцияДокумент=Платежное поручение", "СекцияДокумент=a\r\nСекцияДокумент=b"),
        ("Сумма=5.00", "Сумма=5.00\r\nСумма=6.00"),
        ("Сумма=5.00", "Сумма=5,00"),
        ("Сумма=5.00", "Сумма=-5.00"),
        ("Сумма=5.00", "Сумма=5.001"),
        ("Сумма=5.00", "Сумма=1_0.00"),
        ("Сумма=5.00", "Сумма=5.01"),
        ("Сумма=5.00", "Сумма="),
        ("КонечныйОстаток=5.00", "КонечныйОстаток=5.01"),
        ("ДатаПоступило=02.11.2026", "ДатаПоступило=31.02.2026"),
        ("ДатаПоступило=02.11.2026", "ДатаПоступило=2026-11-02"),
        ("ДатаПоступило=02.11.2026", "ДатаСписано=02.11.2026"),
        ("Номер=77", "Номер="),
        (f"ПолучательСчет={OWN_RU}", f"ПолучательСчет={ru_account(5)}"),
        (f"ПлательщикСчет={ru_account(99)}", f"ПлательщикСчет={OWN_RU}"),
        (
            f"РасчСчет={OWN_RU}\r\nНач",
            f"РасчСчет={OWN_RU}\r\nКонецРасчСчет\r\nСекцияРасчСчет\r\nДатаНачала=02.11.2026\r\nРасчСчет={ru_account(7)}\r\nНач",
        ),
        ("Проценты", "Про\x00центы"),
        ("Проценты", "Про\rценты"),
    ],
)
def test_what_is_not_the_format_is_refused(was: str, now: str) -> None:
    assert was in GOOD
    assert refused(GOOD.replace(was, now, 1))


def test_a_page_of_two_accounts_is_refused() -> None:
    assert "0 accounts" in refused(GOOD[: GOOD.index("СекцияРасч")] + "КонецФайла\r\n")
