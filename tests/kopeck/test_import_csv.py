"""CSV of events: what a cell becomes, what a header must be, and the same rows as NDJSON."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from test_import import SEEN, given, kopeck, one, write  # noqa: F401  (fixtures)

from attribution.staging import RowError
from core.errors import Invalid
from kopeck.commands.importing_csv import csv_events, csv_header

HEADER = b"type,id,occurred_at,viewer,content,product,order,quantity,amount,currency,watch_ms,completed\n"
Run = Callable[..., Result]


def rows(*lines: bytes) -> list[object]:
    """What each row after the header becomes: its JSON, or the code of its error."""
    made = list(csv_events([HEADER, *lines]))[1:]
    return [row.code if isinstance(row, RowError) else json.loads(row) if row else None for row in made]


def test_a_cell_is_a_field_and_an_empty_one_is_none() -> None:
    assert rows(b"view,e1,T,v1,k1,,,,,,9000,true\r\n", b"\n", b'purchase,"e2",T,,,p1,o1,2,"10.00",RUB,,') == [
        {"type": "view", "id": "e1", "occurred_at": "T", "viewer": "v1", "content": "k1", "watch_ms": 9000, "completed": True},
        None,
        {"type": "purchase", "id": "e2", "occurred_at": "T", "product": "p1", "order": "o1", "quantity": 2, "amount": "10.00", "currency": "RUB"},
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["1.0", "1e3", "+1", "01", " 1", "١", "1_000", "9" * 400])
def test_what_is_no_plain_number_stays_text_and_is_refused(cell: str) -> None:
    [row] = rows(f"view,e1,T,v1,k1,,,,,,{cell},".encode())
    assert row["watch_ms"] == cell  # type: ignore[index]


@pytest.mark.parametrize(
    "line",
    [b"view,e1", b"view,e1,T,v1,k1,,,,,,9000,true,more", b'view,"e1,T,v1,k1,,,,,,9000,true', b'view,"e1"x,T,v1,k1,,,,,,9000,true',
     b"view,\xff,T,v1,k1,,,,,,9000,true", b"view,e1\rview,T,v1,k1,,,,,,9000,true"],
)  # fmt: skip
def test_a_broken_row_is_one_row(line: bytes) -> None:
    good = b"view,e2,T,v1,k1,,,,,,9000,true"
    assert [isinstance(row, dict) for row in rows(good, line, good)] == [True, False, True]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"type;id;occurred_at", "is no field"),
        (b"Type,id,occurred_at", "'Type' is no field"),
        (b"type,id,occurred_at,id", "'id' stands there twice"),
        (b"type,id", "'occurred_at' is missing"),
        (b'type,id,"occurred_at', "unexpected end"),
        (b"\xfftype,id", "not UTF-8"),
        (b"type,id,occurred_at,", "'' is no field"),
    ],
)
def test_a_bad_header_is_told_with_its_line(header: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=r"Line 3, the header: .*") as refused:
        csv_header(header, 3)
    assert refused.value.code == "bad_header" and told in refused.value.detail


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\r\n"])
@pytest.mark.parametrize("name", ["events.csv", "events.CSV.gz"])
def test_a_csv_is_imported_with_its_line_numbers(
    kopeck: Run,  # noqa: F811
    tmp_path: Path,
    engine: object,
    start: bytes,
    name: str,
) -> None:
    lines = [
        f"view,e1,{SEEN},v1,k1,,,,,,9000,true", f"click,e2,{SEEN},v1,k1,p1,,,,,,", f"purchase,e3,{SEEN},v1,,p1,o1,2,20.00,RUB,,",
        f"refund,e4,{SEEN},,,p1,o1,1,,,,", f"view,e5,{SEEN},v1,k1,,,,,,1.5,", "view,e6", f"view,e7,{SEEN},v1,k1,,o1,,,,,", f"view,e8,{SEEN},v1,k1,,,,,,,yes",
    ]  # fmt: skip
    body = start + HEADER.rstrip(b"\n") + b"\r\n" + "\r\n".join(lines).encode()
    told = kopeck("import", write(tmp_path / name, [body]))
    assert "4 accepted, 0 duplicates, 0 conflicts, 0 parked, 4 rejected" in told.stdout, told.output
    first = 1 + start.count(b"\n")
    codes = ["bad_watch_ms", "broken_csv", "unknown_field", "bad_completed"]
    assert [line.split()[1:3] for line in told.stderr.splitlines()] == [
        [f"{first + n}:", f"{code}:"] for n, code in enumerate(codes, 5)
    ]
    assert one(engine, "SELECT count(*) FROM touch WHERE watch_ms = 9000 OR product = 'p1'") == 2  # type: ignore[arg-type]
    assert one(engine, "SELECT returned FROM purchase") == 1  # type: ignore[arg-type]
