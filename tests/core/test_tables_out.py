"""Tables on their way out: every format gives back what went in, and no spreadsheet calculates a text."""

import csv
import io
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import openpyxl
import pyarrow.parquet as pq
import pytest

from core.export import csv_table, json_table, parquet_table, xlsx_table
from core.export.table import Column, Table

COLUMNS = (
    Column("name"),
    Column("currency", "currency"),
    Column("amount", "amount"),
    Column("count", "count"),
    Column("day", "day"),
    Column("at", "moment"),
)
AT = datetime(2026, 11, 2, 9, 0, 0, 123456, tzinfo=UTC)
# X1: what people call themselves so that somebody's spreadsheet does something.
NASTY = ['=HYPERLINK("http://x";"y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", '"a","b"', "two\nlines", "'=1",
         "＝1", "<&>", "_x0041_", " spaced ", "Ян «Ё» 🙂", "", "\x1b[31m", "a\u202eb"]  # fmt: skip
AMOUNTS = [
    0,
    10_000,
    -5_000_000,
    1,
    -1,
    123_456_789_012,
    999_999_999_999_990_000,
    1_234_567_890_123_456_789,
    None,
]
Row = tuple[Any, ...]


def rows() -> list[Row]:
    draw = random.Random(1)
    return [
        (
            name,
            draw.choice(["RUB", "JPY", "KWD"]),
            draw.choice(AMOUNTS) if n >= len(AMOUNTS) else AMOUNTS[n],
            draw.choice([None, n]),
            draw.choice([None, date(2026, 11, 2)]),
            draw.choice([None, AT]),
        )
        for n, name in enumerate(NASTY * 3)
    ]


def table(found: list[Row], size: int = 7) -> Table:
    parts = (found[at : at + size] for at in range(0, len(found), size))
    return Table("payouts", COLUMNS, iter([[], *parts]))


def plain(micros: int | None) -> Decimal | None:
    return None if micros is None else Decimal(micros).scaleb(-6)


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def test_csv_gives_every_text_back_and_leaves_numbers_alone() -> None:
    data = b"".join(csv_table.write(table(rows()))).decode()
    read = list(csv.DictReader(io.StringIO(data, newline=""), strict=True))
    for row, (name, currency, micros, count, day, at) in zip(read, rows(), strict=True):
        assert unguarded(row["name"]) == name
        assert (row["name"] == name) == (name[:1] not in tuple("=+-@\t\r\n\0＝'"))
        assert row["amount"] == "" if micros is None else Decimal(row["amount"]) == plain(micros)
        assert row["currency"] == currency and "E" not in row["amount"] and not row["amount"].startswith("'")
        assert (row["count"], row["day"]) == (
            "" if count is None else str(count),
            day.isoformat() if day else "",
        )
        assert row["at"] == (at.isoformat() if at else "")
    assert "-5.00" in data and '"-5.00"' not in data


def test_json_is_what_it_says() -> None:
    read = json.loads(b"".join(json_table.write(table(rows()))))["data"]
    assert [row["name"] for row in read] == NASTY * 3
    assert [row["amount"] and Decimal(row["amount"]) for row in read] == [plain(row[2]) for row in rows()]
    assert json.loads(b"".join(json_table.write(table([])))) == {"data": []}


def test_parquet_holds_decimals() -> None:
    read = pq.read_table(io.BytesIO(b"".join(parquet_table.write(table(rows())))))
    names = [column.name for column in COLUMNS]
    expected = [(*row[:2], plain(row[2]), *row[3:]) for row in rows()]
    assert [tuple(row[name] for name in names) for row in read.to_pylist()] == expected
    footer = pq.read_metadata(io.BytesIO(b"".join(parquet_table.write(table(rows()))))).metadata
    assert footer[b"kopeck.rows"] == str(len(expected)).encode()


def sheets(data: bytes) -> Iterator[list[tuple[Any, ...]]]:
    for sheet in openpyxl.load_workbook(io.BytesIO(data)).worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        yield list(sheet.iter_rows(values_only=True))


def test_xlsx_gives_every_text_and_number_back_and_calculates_nothing() -> None:
    [[head, *read]] = sheets(b"".join(xlsx_table.write(table(rows()))))
    assert head == tuple(column.name for column in COLUMNS)
    for row, (name, currency, micros, count, day, at) in zip(read, rows(), strict=True):
        # openpyxl does not read the escapes of SpreadsheetML, which spreadsheets do.
        assert openpyxl.utils.escape.unescape(row[0] or "") == name
        assert (row[1], row[3]) == (currency, count)
        if micros is not None:
            digits = len(str(Decimal(micros).scaleb(-6).normalize()).replace(".", "").strip("-"))
            assert isinstance(row[2], str) == (digits > 15), row[2]
            assert Decimal(str(row[2])) == plain(micros)
        assert row[4] == (day and datetime.combine(day, datetime.min.time()))
        assert row[5] == (at and at.isoformat())


def test_an_empty_table_is_a_file_with_names() -> None:
    [[head]] = sheets(b"".join(xlsx_table.write(table([]))))
    assert head[0] == "name"
    assert b"".join(csv_table.write(table([]))) == b"name,currency,amount,count,day,at\r\n"
    assert pq.read_table(io.BytesIO(b"".join(parquet_table.write(table([]))))).num_rows == 0


@pytest.mark.parametrize(("limit", "value"), [("ROWS", 20), ("BYTES", 2000)])
def test_what_one_sheet_does_not_hold_goes_on_in_the_next(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(xlsx_table, limit, value)
    data = b"".join(xlsx_table.write(table(rows())))
    pages = list(sheets(data))
    assert len(pages) > 2 and all(page[0] == pages[0][0] for page in pages)
    assert [row[1] for page in pages for row in page[1:]] == [row[1] for row in rows()]
    assert ZipFile(io.BytesIO(data)).testzip() is None


def test_pieces_come_before_the_whole_is_made() -> None:
    """X10: however long the table, little of it is held."""
    made = 0

    def batches() -> Iterator[list[Row]]:
        nonlocal made
        for n in range(300):
            made += 1
            yield [(f"creator {n} {m} {hash((n, m))}", "RUB", n * 10_000, m, None, AT) for m in range(1000)]

    for module in (csv_table, json_table, parquet_table, xlsx_table):
        made = 0
        pieces = module.write(Table("t", COLUMNS, batches()))
        largest = max(len(next(pieces)) for _ in range(3))
        assert made < 60 and largest <= 64 * 1024, module.__name__
        pieces.close()  # type: ignore[attr-defined]
