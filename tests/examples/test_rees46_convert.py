"""The REES46 example: the conversion's counts, and the money it must come to."""

import gzip
import importlib.util
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from rees46_oracle import Outcome, work_out

from attribution.decode import decode_lines
from catalog.decode import decode_line
from core.clock import now
from core.settings import load_settings

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "rees46" / "convert.py"
SOURCE = "rees46_2019-10-01_first_3h.csv.gz"
HEAD = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rees46_convert", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convert = load_script()


@pytest.fixture(scope="module")
def converted(shared: Path) -> tuple[list[str], list[str]]:
    rows = convert.read_rows(shared / "data" / SOURCE)
    return list(convert.catalog_lines(rows)), list(convert.event_lines(rows))


@pytest.fixture(scope="module")
def outcome(converted: tuple[list[str], list[str]]) -> Outcome:
    return work_out(*converted)


def kinds(lines: list[str]) -> Counter[str]:
    return Counter(msgspec.json.decode(line)["type"] for line in lines)


def written(folder: Path, *rows: str) -> Path:
    path = folder / "input.csv.gz"
    path.write_bytes(gzip.compress((HEAD + "".join(f"{row}\n" for row in rows)).encode()))
    return path


def test_everybody_gets_the_same_counts(converted: tuple[list[str], list[str]]) -> None:
    catalog, events = converted
    assert kinds(catalog) == {"seller": 1, "product": 6_479, "creator": 865, "content": 1_031}
    assert kinds(events) == {"view": 17_032, "click": 17_032, "purchase": 214}
    assert len(events) == 34_278
    assert len({msgspec.json.decode(line)["id"] for line in events}) == 34_278


def test_every_line_passes_the_strict_decoders(converted: tuple[list[str], list[str]], vault: Any) -> None:
    catalog, events = converted
    for line in catalog:
        decode_line(line.encode())
    decoded = decode_lines(
        [line.encode() for line in events], now=now(), settings=load_settings({}), vault=vault, backfill=True
    )
    assert decoded.errors == []


def test_the_purchases_are_attributed_as_the_readme_says(outcome: Outcome) -> None:
    assert outcome.count == {"click": 212, "view": 1, "none": 1}
    assert outcome.amount["click"] + outcome.amount["view"] == Decimal("59102.88")
    assert outcome.amount["view"] == Decimal("171.56")
    assert outcome.amount["none"] == Decimal("339.75")


def test_the_rewards_are_those_of_the_readme(outcome: Outcome) -> None:
    commission, reach = sum(outcome.commission.values()), sum(outcome.reach.values())
    assert commission == Decimal("2955.144")
    assert reach == Decimal("204.384")
    assert commission + reach == Decimal("3159.528")


def test_rows_of_price_zero_and_duplicates_go_before_numbering(tmp_path: Path) -> None:
    cart = "2019-10-01 00:00:00 UTC,cart,20,1,,,5.00,7,a"
    view = "2019-10-01 00:00:01 UTC,view,3,1,kids.toys,brick & co,5.10,7,a"
    free = "2019-10-01 00:00:02 UTC,view,4,1,,,0.00,7,a"
    bought = "2019-10-01 00:00:03 UTC,purchase,3,1,kids.toys,brick & co,5.20,7,a"
    rows = convert.read_rows(written(tmp_path, cart, view, free, view, bought))
    events = [msgspec.json.decode(line) for line in convert.event_lines(rows)]
    assert [event["id"] for event in events] == ["v2", "c2", "p3"]
    assert [event["occurred_at"] for event in events] == [
        "2019-10-01T00:00:00Z",
        "2019-10-01T00:00:01Z",
        "2019-10-01T00:00:03Z",
    ]
    assert (events[2]["order"], events[2]["amount"], events[2]["quantity"]) == ("o3", "5.20", 1)
    catalog = [msgspec.json.decode(line) for line in convert.catalog_lines(rows)]
    contents = {row["id"]: row["products"] for row in catalog if row["type"] == "content"}
    assert contents == {"nobrand-0": ["20"], "brick___co-0": ["3"]}
    products = {
        row["id"]: (row["category"], row["price"]["amount"]) for row in catalog if row["type"] == "product"
    }
    assert products == {"20": ("other", "5.00"), "3": ("kids", "5.10")}


def test_products_are_grouped_by_twenty_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    lines = [f"2019-10-01 00:00:00 UTC,view,{product},1,,acme,1.00,7,a" for product in range(102, 81, -1)]
    rows = convert.read_rows(written(tmp_path, *lines))
    catalog = [msgspec.json.decode(line) for line in convert.catalog_lines(rows)]
    contents = {row["id"]: row["products"] for row in catalog if row["type"] == "content"}
    assert contents == {"acme-0": [str(product) for product in range(82, 102)], "acme-1": ["102"]}


def test_the_command_writes_two_files_and_complains_in_one_line(tmp_path: Path) -> None:
    source = written(tmp_path, "2019-10-01 00:00:01 UTC,view,3,1,,acme,5.10,7,a")
    good = subprocess.run([sys.executable, SCRIPT, source, tmp_path / "out"], capture_output=True, text=True)
    assert good.returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["catalog.ndjson", "events.ndjson"]
    bad = subprocess.run([sys.executable, SCRIPT, SCRIPT, tmp_path / "out"], capture_output=True, text=True)
    assert bad.returncode == 1
    assert bad.stderr.splitlines()[-1].startswith("convert: ")
    assert "Traceback" not in bad.stderr
