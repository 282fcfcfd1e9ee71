"""A creator's statement as PDF: drawn line by line, so that a long one costs little; the font is shipped by a package."""

import io
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import ttf_opensans
from babel.dates import format_date
from babel.numbers import format_decimal
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from api.statement_table import Sheet
from api.statement_words import WORDS, Words
from core.errors import Invalid
from core.money import Money

MOST = 20_000  # lines, about 500 pages
PLAIN, BOLD = "OpenSans", "OpenSans-Bold"
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, A4[0] - 40, A4[1] - 50, 50
_WHAT, _AMOUNT, _BALANCE = 120, 430, _RIGHT
_STEP = 15
_INVISIBLE = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F)], " "
)


def statement_pdf(sheet: Sheet, lang: str, made_at: datetime) -> bytes:
    """The file.

    Raises:
        Invalid: `too_many_lines`.
    """
    if len(sheet.statement.lines) > MOST:
        raise Invalid("too_many_lines", f"More than {MOST} lines: ask for a shorter time, or for CSV.")
    _fonts()
    words, out = WORDS[lang], io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, lang=lang)
    canvas.setTitle(f"{words.title} {sheet.creator}")
    rows = list(_rows(sheet, words))
    at, number = _head(canvas, sheet, words), 1
    for row, font in rows:
        if at < _BOTTOM + _STEP:
            _foot(canvas, words, number, made_at)
            canvas.showPage()
            number += 1
            at = _columns(canvas, words, _TOP)
        _row(canvas, at, row, font)
        at -= _STEP
    _foot(canvas, words, number, made_at)
    canvas.save()
    return out.getvalue()


@cache
def _fonts() -> None:
    pdfmetrics.registerFont(TTFont(PLAIN, str(ttf_opensans.OPENSANS_REGULAR.path)))
    pdfmetrics.registerFont(TTFont(BOLD, str(ttf_opensans.OPENSANS_BOLD.path)))


def _rows(sheet: Sheet, words: Words) -> Iterator[tuple[tuple[str, str, str, str], str]]:
    """Day, what, amount, balance; and the font."""
    found = sheet.statement
    yield (_day(sheet.since, words), words.opening, "", _money(found.opening, words)), BOLD
    if not found.lines:
        yield ("", words.nothing, "", ""), PLAIN
    for line, balance in zip(found.lines, sheet.balances(), strict=True):
        what = words.kinds.get(line.kind, line.kind)
        what += f" · {line.note}" if line.note else ""
        yield (_day(line.booked_on, words), what, _money(line.amount, words), _money(balance, words)), PLAIN
    yield (_day(sheet.until, words), words.closing, "", _money(found.closing, words)), BOLD


def _head(canvas: Canvas, sheet: Sheet, words: Words) -> float:
    at: float = _TOP
    canvas.setFont(BOLD, 16)
    canvas.drawString(_LEFT, at, words.title)
    facts = (
        (words.creator, f"{sheet.name} ({sheet.creator})"),
        (words.period, f"{_day(sheet.since, words)} – {_day(sheet.until, words)}"),
        (words.currency, sheet.statement.opening.currency),
    )
    for name, value in facts:
        at -= 18
        _text(canvas, _LEFT, at, f"{name}: {value}", PLAIN, 10, _RIGHT - _LEFT)
    return _columns(canvas, words, at - 30)


def _columns(canvas: Canvas, words: Words, at: float) -> float:
    _row(canvas, at, (words.day, words.what, words.amount, words.balance), BOLD)
    canvas.line(_LEFT, at - 5, _RIGHT, at - 5)
    return at - 20


def _row(canvas: Canvas, at: float, row: tuple[str, str, str, str], font: str) -> None:
    day, what, amount, balance = row
    _text(canvas, _LEFT, at, day, font, 9, _WHAT - _LEFT - 5)
    _text(canvas, _WHAT, at, what, font, 9, _AMOUNT - _WHAT - 70)
    canvas.setFont(font, 9)
    canvas.drawRightString(_AMOUNT, at, amount)
    canvas.drawRightString(_BALANCE, at, balance)


def _text(canvas: Canvas, x: float, y: float, text: str, font: str, size: int, width: float) -> None:
    """One line, cut where its room ends; what cannot be seen is a space."""
    shown = text[:300].translate(_INVISIBLE)
    if pdfmetrics.stringWidth(shown, font, size) > width:
        while shown and pdfmetrics.stringWidth(shown + "…", font, size) > width:
            shown = shown[:-1]
        shown += "…"
    canvas.setFont(font, size)
    canvas.drawString(x, y, shown)


def _foot(canvas: Canvas, words: Words, number: int, made_at: datetime) -> None:
    _text(canvas, _LEFT, 30, f"Kopeck, {made_at:%Y-%m-%d %H:%M %z}", PLAIN, 8, 300)
    canvas.setFont(PLAIN, 8)
    canvas.drawRightString(_RIGHT, 30, f"{words.page} {number}")


def _day(day: Any, words: Words) -> str:
    return str(format_date(day, "dd.MM.yyyy" if words.locale == "ru_RU" else "d MMM yyyy", words.locale))


def _money(money: Money, words: Words) -> str:
    """All of its digits, grouped as the language does it."""
    digits = len(money.amount.partition(".")[2])
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(money.amount, pattern, words.locale, decimal_quantization=False))
