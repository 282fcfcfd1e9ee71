"""CSV and Parquet: every posting reads back as it is in the books, and nothing in a cell is calculated."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from by_hand import unguarded
from export_readers import by_csv, by_parquet, csv_rows, micros
from export_world import BOOKS, FIRST, NASTY, export, keep, many, pieces, wipe
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Refused
from core.ids import public_id
from core.money import Money
from ledger.export import FORMATS, parquet
from ledger.export import csv_rows as table
from ledger.post import Leg

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
SOME = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_ALL = text(
    "SELECT e.id, e.recorded_at, e.key, e.kind, e.currency, e.effective_on, e.booked_on, e.note, e.corrects,"
    " c.recorded_at AS corrected_at, a.code, p.version, p.amount, p.balance FROM posting p"
    " JOIN entry e ON e.id = p.entry_id JOIN account a ON a.id = p.account_id LEFT JOIN entry c ON c.id = e.corrects"
    " ORDER BY e.booked_on, e.id, a.id"
)


def ours(engine: Engine) -> list[tuple[Any, ...]]:
    """The books as rows of a file."""
    with transaction(engine) as session:
        return [
            (
                public_id("ent", row.id, row.recorded_at), row.key, row.kind, row.currency, row.effective_on,
                row.booked_on, row.recorded_at,
                row.corrects and public_id("ent", row.corrects, row.corrected_at), row.note,
                row.code, row.version, row.amount, row.balance,
            )
            for row in session.execute(_ALL)
        ]  # fmt: skip


def bare(cell: str) -> str:
    """A text without the guard's apostrophe."""
    return cell.removeprefix("'")


def theirs(path: Path) -> list[tuple[Any, ...]]:
    days = [date.fromisoformat] * 2
    reads = [
        str,
        bare,
        bare,
        str,
        *days,
        datetime.fromisoformat,
        lambda id: id or None,
        bare,
        str,
        int,
        micros,
        micros,
    ]
    return [
        tuple(read(cell) for read, cell in zip(reads, row.values(), strict=True)) for row in csv_rows(path)[0]
    ]


@SOME
@given(steps=BOOKS)
def test_x1_csv_reads_back_and_no_text_is_a_formula(
    engine: Engine, owner: Engine, tmp_path: Path, steps: list
) -> None:
    wipe(owner)
    keep(engine, steps)
    path = export(engine, tmp_path, "csv")
    expected = [(*row[:8], row[8] or "", *row[9:]) for row in ours(engine)]
    assert theirs(path) == expected
    by_csv(path)
    for row in csv_rows(path)[0]:
        texts = {name: cell for name, cell in row.items() if name not in {"amount", "balance", "version"}}
        assert not [cell for cell in texts.values() if cell.startswith(FORMULA)]


def test_x1_numbers_are_never_guarded(engine: Engine, tmp_path: Path) -> None:
    legs = [Leg("equity:opening", Money(-5, "RUB")), Leg("liabilities:tax:npd", Money(5, "RUB"))]
    entry = {"kind": "=cmd|x", "legs": legs, "effective_on": FIRST, "note": "-2+3", "corrects": False}
    keep(engine, [entry | {"key": "@k"}])
    [row, other] = csv_rows(export(engine, tmp_path, "csv"))[0]
    assert {row["amount"], other["amount"]} == {"-0.000005", "0.000005"}
    assert (row["key"], row["kind"], row["note"]) == ("'@k0", "'=cmd|x", "'-2+3")


@pytest.mark.parametrize("cell", NASTY)
def test_x1_the_guard_is_lossless(cell: str) -> None:
    assert not table.guard(cell).startswith(FORMULA)
    assert bare(table.guard(cell)) == cell


@SOME
@given(steps=BOOKS)
def test_parquet_reads_back(engine: Engine, owner: Engine, tmp_path: Path, steps: list) -> None:
    wipe(owner)
    keep(engine, steps)
    path = export(engine, tmp_path, "parquet")
    read = pq.read_table(path)
    assert read.schema.remove_metadata().equals(parquet.SCHEMA)
    rows = [tuple(row.values()) for row in read.to_pylist()]
    expected = ours(engine)
    assert [row[:13] for row in rows] == expected
    assert [row[13:] for row in rows] == [
        (Decimal(row[11]).scaleb(-6), Decimal(row[12]).scaleb(-6)) for row in expected
    ]
    by_parquet(path)


def test_parquet_holds_the_greatest_amounts_and_keeps_its_types(engine: Engine, tmp_path: Path) -> None:
    most = 2**63 - 1
    with transaction(engine) as session:
        session.execute(
            text("SELECT * FROM ledger_open(ARRAY['equity:opening', 'liabilities:tax:npd'], 'RUB')")
        )
        session.execute(
            text("SELECT * FROM ledger_post('k', 'x', 'RUB', :day, :day, NULL, ARRAY[1, 2], CAST(:amounts AS bigint[]))"),
            {"day": FIRST, "amounts": [most, -most]},
        )  # fmt: skip
    read = pq.read_table(export(engine, tmp_path, "parquet"))
    assert read["amount_micros"].to_pylist() == [most, -most]
    assert [str(amount) for amount in read["amount"].to_pylist()] == [
        "9223372036854.775807",
        "-9223372036854.775807",
    ]
    assert read.schema.field("recorded_at").type == pa.timestamp("us", tz="UTC")
    assert by_csv(export(engine, tmp_path, "csv")) == by_parquet(tmp_path / "ledger.parquet")


def test_x3_totals_are_the_ledgers(engine: Engine, owner: Engine, tmp_path: Path) -> None:
    many(owner, 30, 1500)
    with transaction(engine) as session:
        [(entries, postings, debits, credits)] = session.execute(text(
            "SELECT count(DISTINCT entry_id), count(*), sum(amount) FILTER (WHERE amount > 0),"
            " sum(amount) FILTER (WHERE amount < 0) FROM posting"
        ))  # fmt: skip
    assert postings == 30 * 1501
    metadata = pq.read_metadata(export(engine, tmp_path, "parquet"))
    assert metadata.num_row_groups == 3
    assert {name: int(metadata.metadata[f"kopeck.RUB.{name}".encode()])
            for name in ("entries", "postings", "debits", "credits")} == {
        "entries": entries, "postings": postings, "debits": debits, "credits": credits,
    }  # fmt: skip
    total = csv_rows(export(engine, tmp_path, "csv"))[1]["RUB"]
    assert (total["note"], int(total["version"])) == (f"{entries} entries", postings)
    assert (micros(total["amount"]), micros(total["balance"])) == (debits, credits)


def test_empty_books_are_whole_files(engine: Engine, tmp_path: Path) -> None:
    assert pq.read_table(export(engine, tmp_path, "parquet")).num_rows == 0
    assert list(csv.reader(io.StringIO(export(engine, tmp_path, "csv").read_text()))) == [list(table.COLUMNS)]


def test_long_notes_end_a_group_of_rows_earlier(
    engine: Engine, owner: Engine, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(parquet, "TEXT", 5000)
    many(owner, 4, 20)
    assert pq.read_metadata(export(engine, tmp_path, "parquet")).num_row_groups > 2


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM posting WHERE entry_id = 2 AND amount > 0",
        "DELETE FROM posting WHERE entry_id = 2",
        "DELETE FROM posting WHERE entry_id = 3",
        "DELETE FROM entry WHERE id = 2",
        "DELETE FROM entry WHERE id = 3",
        "UPDATE posting SET booked_on = booked_on + 1 WHERE entry_id = 1",
    ],
)
def test_broken_books_make_no_whole_file(engine: Engine, owner: Engine, edit: str) -> None:
    many(owner, 3, 2)
    with unguarded(owner) as connection:
        connection.execute(text(edit))
    for name in FORMATS.keys() - {"ndjson"}:
        with pytest.raises(Refused) as caught:
            list(pieces(engine, name))
        assert caught.value.code == "books_broken"
