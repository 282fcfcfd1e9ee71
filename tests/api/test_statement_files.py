"""A creator's statement as CSV, XLSX and PDF: the same figures in each, whatever is in a name or a note."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from api_market import Market
from pypdf import PdfReader
from sqlalchemy import text

from api.statement_pdf import MOST, statement_pdf
from api.statement_table import Sheet
from core.database import transaction
from core.errors import Invalid
from core.money import Money
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.statement import Statement, StatementLine

PATH = "/v1/creators/c1/statement?from=2026-11-01&to=2026-11-30"
NASTY = '=HYPERLINK("http://x";"y")'


def statement(market: Market) -> Any:
    return market.call.ok("creator", "GET", PATH)


@pytest.fixture
def told(market: Market) -> Market:
    """A creator whose name and whose note somebody's spreadsheet would calculate."""
    with transaction(market.engine) as session:
        session.execute(text("UPDATE creator SET name = :name WHERE id = 'c1'"), {"name": "Ёлка " + NASTY})
        money = Money.parse("-0.000001", "RUB")
        post(
            session,
            key="nasty",
            kind="adjustment",
            effective_on=market.clock.now.date(),
            note=NASTY,
            legs=[debit(accounts.OPENING, money), credit(accounts.creator("c1", "available"), money)],
        )
    return market


def amounts(found: Any) -> list[Decimal]:
    return [Decimal(line["amount"]["amount"]) for line in found["lines"]]


def test_csv_and_xlsx_say_what_json_says(told: Market) -> None:
    found = statement(told)
    read = list(
        csv.DictReader(io.StringIO(told.call("creator", "GET", PATH + "&format=csv").text, newline=""))
    )
    assert (read[0]["kind"], read[-1]["kind"]) == ("opening", "closing")
    assert [Decimal(row["amount"]) for row in read[1:-1]] == amounts(found)
    assert [read[at]["balance"] for at in (0, -1)] == [found[end]["amount"] for end in ("opening", "closing")]
    assert read[-2]["balance"] == read[-1]["balance"] and read[-2]["note"] == "'" + NASTY
    assert read[-2]["amount"] == "-0.000001"

    data = told.call(
        "creator", "GET", PATH, accept="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    [sheet] = openpyxl.load_workbook(io.BytesIO(data.data)).worksheets
    rows = list(sheet.iter_rows(min_row=2))
    assert [f"{row[6].value:.6f}" for row in rows[1:-1]] == [f"{each:.6f}" for each in amounts(found)]
    assert rows[-2][4].value == NASTY and rows[-2][4].data_type == "s"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ru", ("Выписка по счёту автора", "Автор: Ёлка", "Период: 01.11.2026", "Остаток на начало", "Вознаграждения начислены", "Корректировка", "Остаток на конец", "Страница 1")),
        ("en", ("Creator's statement", "Creator: Ёлка", "Period: 1 Nov 2026", "Opening balance", "Rewards accrued", "Adjustment", "Closing balance", "Page 1")),
    ],
)  # fmt: skip
def test_the_pdf_can_be_read_back(told: Market, lang: str, words: tuple[str, ...]) -> None:
    answer = told.call("creator", "GET", f"{PATH}&format=pdf&lang={lang}")
    assert (
        answer.mimetype == "application/pdf"
        and answer.data == told.call("creator", "GET", f"{PATH}&format=pdf&lang={lang}").data
    )
    reader = PdfReader(io.BytesIO(answer.data))
    shown = "\n".join(page.extract_text() for page in reader.pages)
    for word in words:
        assert word in shown, (word, shown)
    assert NASTY in shown
    found = statement(told)
    said = [_number(each, lang) for each in re.findall(r"-?\d[\d\u00a0\u202f ]*[.,]\d+|-?[\d,]+\.\d+", shown)]
    for figure in [*amounts(found), Decimal(found["opening"]["amount"]), Decimal(found["closing"]["amount"])]:
        assert figure in said, (figure, shown)


def _number(shown: str, lang: str) -> Decimal:
    plain = re.sub(r"[\s\u00a0\u202f]", "", shown)
    return Decimal(plain.replace(",", ".") if lang == "ru" else plain.replace(",", ""))


def test_files_are_named_safely(told: Market) -> None:
    def name(query: str) -> str:
        return told.call("creator", "GET", PATH + query).headers["Content-Disposition"]

    assert name("&format=csv") == 'attachment; filename="statement-c1-2026-11-01-2026-11-30.csv"'
    assert name("&format=pdf&lang=en") == 'attachment; filename="statement-c1-2026-11-01-2026-11-30.pdf"'
    russian = name("&format=pdf")
    assert russian.isascii() and "filename*=UTF-8''%D0%B2%D1%8B%D0%BF%D0%B8%D1%81%D0%BA%D0%B0-c1" in russian


@pytest.mark.parametrize("query", ["&format=doc", "&format=pdf&lang=fr", "&format=PDF"])
def test_what_nobody_makes_is_422(market: Market, query: str) -> None:
    assert market.call("creator", "GET", PATH + query).status_code == 422


def test_another_creators_statement_is_none_of_yours(market: Market) -> None:
    for kind in ("csv", "xlsx", "pdf"):
        path = PATH.replace("c1", "c2") + f"&format={kind}"
        assert market.call("creator", "GET", path).status_code == 404


def sheet(lines: int, note: str | None) -> Sheet:
    at, money = date(2026, 11, 2), Money(10_000, "RUB")
    line = StatementLine("ent_1", "odd.kind", note, at, at, None, money)  # type: ignore[arg-type]
    whole = Statement(Money(0, "RUB"), [line] * lines, Money(10_000 * lines, "RUB"))
    return Sheet("c1", "Имя " * 100, at, at, whole)


def test_a_long_statement_has_many_pages_and_a_too_long_one_is_refused(market: Market) -> None:
    made = statement_pdf(sheet(300, "\x00\u202e" + "очень длинно " * 40), "ru", market.clock.now)
    reader = PdfReader(io.BytesIO(made))
    shown = [page.extract_text() for page in reader.pages]
    assert len(shown) > 5 and all("Операция" in page for page in shown)
    assert sum(page.count("odd.kind") for page in shown) == 300 and "…" in shown[0]
    with pytest.raises(Invalid, match="shorter time"):
        statement_pdf(sheet(MOST + 1, None), "ru", market.clock.now)
    assert (
        "Nothing was booked."
        in PdfReader(io.BytesIO(statement_pdf(sheet(0, None), "en", market.clock.now)))
        .pages[0]
        .extract_text()
    )
