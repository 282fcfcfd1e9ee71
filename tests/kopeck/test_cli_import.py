"""`kopeck import`: which lines are taken, which are named, and files that are none."""

from pathlib import Path
from typing import Any

import pytest
from cli_help import Run, catalog, said, view, write
from sqlalchemy import Engine, text

from core.database import transaction


def test_import_of_catalog_and_events_gzip_or_not(kopeck: Run, tmp_path: Path) -> None:
    first = kopeck("import", write(tmp_path / "catalog.ndjson.gz", catalog(3), pack=True))
    assert (first.exit_code, first.stdout) == (0, "catalog.ndjson.gz: 6 accepted, 0 rejected\n")
    plain, packed = write(tmp_path / "a", [view(n) for n in range(5)]), write(tmp_path / "b", [view(n) for n in range(8)], True)  # fmt: skip
    assert "a: 5 accepted, 0 duplicates, 0 conflicts, 0 parked, 0 rejected" in kopeck("import", plain).stdout
    assert "b: 3 accepted, 5 duplicates" in kopeck("import", packed).stdout
    old = view(99) | {"occurred_at": "2024-01-01T00:00:00Z"}
    late = kopeck("import", write(tmp_path / "old", [old]))
    assert late.exit_code == 1 and "line 1: too_late" in late.stderr
    back = kopeck("import", "--backfill", write(tmp_path / "old", [old]))
    assert (back.exit_code, back.stderr) == (0, "")


def test_bad_lines_of_events_are_named_across_chunks(kopeck: Run, tmp_path: Path, engine: Engine) -> None:
    kopeck("import", write(tmp_path / "catalog", catalog(1)))
    rows: list[Any] = [view(n) for n in range(11_000)]
    bad = {
        4: b"{",
        4_999: b'{"type": "view"}',
        5_000: b"[]",
        5_001: view(1) | {"viewer": "а"},
        10_998: b"\xff",
    }
    for place, row in bad.items():
        rows[place] = row
    rows[6_000] = b""  # a blank line is counted, not rejected
    result = kopeck("import", write(tmp_path / "events", rows))
    assert result.exit_code == 1
    assert "10,994 accepted" in result.stdout and "5 rejected" in result.stdout
    assert [int(line.split()[1][:-1]) - 1 for line in result.stderr.splitlines()] == list(bad)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM touch")) == 10_994


def test_bad_lines_of_a_catalog_are_named_across_chunks(kopeck: Run, tmp_path: Path) -> None:
    rows: list[Any] = catalog(10_500)
    places = [0, 9_999, 10_000, 10_001, *range(10_100, 10_130)]
    for place in places:
        rows[place] = b'{"type": "creator", "id": "a b", "name": "x"}' if place else b'{"type": "seller"}'
    result = kopeck("import", write(tmp_path / "catalog", rows, pack=True))
    assert result.exit_code == 1
    # The content names a creator that is not there: it is refused as well.
    assert "10,468 accepted, 35 rejected" in result.stdout
    told = result.stderr.splitlines()
    assert [int(line.split()[1][:-1]) - 1 for line in told[:-1]] == places[:20]
    assert told[-1] == "  and 15 more"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", b"id,name\n1,a\n", b"{}", b"[1]", b"null", b'{"type": "banana"}', b'{"type": ["view"]}',
        b'{"type": {"a": 1}}', b"\xff\xfe\x00", b"[" * 100_000, b"PK\x03\x04", b"\x1f\x8b", b"\x1f\x8bnonsense",
    ],
    ids=lambda content: repr(content[:18]),
)  # fmt: skip
def test_a_file_of_something_else_is_refused(kopeck: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    said(kopeck("import", str(tmp_path / "file")), 1, "kopeck: ")


def test_a_file_cut_short_is_told_and_may_be_sent_again(kopeck: Run, tmp_path: Path) -> None:
    kopeck("import", write(tmp_path / "catalog", catalog(1)))
    whole = Path(write(tmp_path / "events.gz", [view(n) for n in range(6_000)], pack=True))
    body = whole.read_bytes()
    whole.write_bytes(body[:-200])
    said(kopeck("import", str(whole)), 1, "kopeck: The file is cut short or damaged")
    whole.write_bytes(body)
    again = kopeck("import", str(whole))
    assert again.exit_code == 0
    assert "1,000 accepted, 5,000 duplicates" in again.stdout
