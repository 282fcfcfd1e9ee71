"""Cells of a sheet: XML of SpreadsheetML, made column by column."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from core.export.cells import texts
from core.export.table import Batch, Kind, Table

HEAD, AMOUNT, DAY = 1, 2, 3  # styles, in the order of `xlsx_parts`
MOST = 32_767  # characters that a cell may hold
_EXACT = 10**15  # micros below it have 15 digits at most
_DAY_0 = date(1899, 12, 30)
# What XML takes for its own or does not allow, and what a spreadsheet would read as an escape (`_x000A_`).
_ODD = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_EMPTY = "<c/>"


def header(table: Table) -> bytes:
    """The first row: the columns' names."""
    cells = "".join(
        f'<c s="{HEAD}" t="inlineStr"><is><t>{escaped(each.name)}</t></is></c>' for each in table.columns
    )
    return f"<row>{cells}</row>".encode()


def rows(table: Table, batch: Batch) -> bytes:
    """The rows of a batch."""
    raw, shown = list(zip(*batch, strict=True)), texts(table, batch)
    columns = [_CELLS[column.kind](*pair) for column, *pair in zip(table.columns, raw, shown, strict=True)]
    return ("<row>" + "</row><row>".join(map("".join, zip(*columns, strict=True))) + "</row>").encode()


def escaped(text: str) -> str:
    """Text as XML that a spreadsheet shows as it is."""
    return _ODD.sub(_escape, text[:MOST]) if _ODD.search(text) else text[:MOST]


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"_x{ord(match[0]):04X}_"


def _text(text: str | None) -> str:
    if not text:
        return _EMPTY
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f'<c t="inlineStr"><is><t{space}>{escaped(text)}</t></is></c>'


def _texts(_: Sequence[Any], shown: Sequence[Any]) -> list[str]:
    return [_text(cell) for cell in shown]


def _amounts(raw: Sequence[Any], shown: Sequence[Any]) -> list[str]:
    return [_amount(micros, text) for micros, text in zip(raw, shown, strict=True)]


def _amount(micros: int | None, text: str) -> str:
    if micros is None:
        return _EMPTY
    exact = -_EXACT < micros < _EXACT or len(text.strip("-").replace(".", "")) <= 15
    return f'<c s="{AMOUNT}"><v>{text}</v></c>' if exact else _text(text)


def _counts(raw: Sequence[Any], _: Sequence[Any]) -> list[str]:
    return [_EMPTY if cell is None else f"<c><v>{cell}</v></c>" for cell in raw]


def _days(raw: Sequence[Any], _: Sequence[Any]) -> list[str]:
    return [_EMPTY if cell is None else f'<c s="{DAY}"><v>{(cell - _DAY_0).days}</v></c>' for cell in raw]


_CELLS: dict[Kind, Callable[[Sequence[Any], Sequence[Any]], list[str]]] = {
    "text": _texts,
    "currency": _texts,
    "amount": _amounts,
    "count": _counts,
    "day": _days,
    "moment": _texts,  # a spreadsheet's moment has no time zone
}
