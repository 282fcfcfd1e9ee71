"""Turn a CSV of real shop events (REES46, Open CDP) into a catalog and events that Kopeck can import.

The shop has no creators. They are derived by fixed rules, so that everyone gets the same numbers: a brand is a
creator, each twenty of its products are one content that tags them, and whoever looked at a product has watched that
content and clicked on the product. See README.md beside this file.
"""

import argparse
import csv
import gzip
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

SELLER = "rees46"
NO_BRAND = "nobrand"
CURRENCY = "USD"
PRODUCTS_IN_CONTENT = 20
PUBLISHED_AT = "2019-09-30T00:00:00Z"
WATCH_MS = 5000
_NOT_IN_REFERENCES = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_BRAND = 56  # a reference has 64 characters; "-<k>" of the content follows


class Row(NamedTuple):
    """A row of the file that counts; `number` is its place among those, from 1."""

    number: int
    at: datetime
    kind: str
    product: int
    category: str
    brand: str
    price: Decimal
    viewer: str


def read_rows(path: Path) -> list[Row]:
    """The rows without exact duplicates and without those of price 0, numbered from 1 in file order."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        distinct = dict.fromkeys(tuple(line.items()) for line in csv.DictReader(file))
    paid = [fields for line in distinct if Decimal((fields := dict(line))["price"]) > 0]
    return [_row(number, fields) for number, fields in enumerate(paid, 1)]


def _row(number: int, fields: dict[str, str]) -> Row:
    return Row(
        number,
        datetime.strptime(fields["event_time"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC),
        fields["event_type"],
        int(fields["product_id"]),
        fields["category_code"].partition(".")[0] or "other",
        brand_reference(fields["brand"]),
        Decimal(fields["price"]),
        fields["user_id"],
    )


def brand_reference(brand: str) -> str:
    """The creator of a brand: the brand itself, what a reference cannot hold replaced by `_`.

    Every brand of the three hours' file fits as it is; other months of the data set may have stranger ones.
    """
    return _NOT_IN_REFERENCES.sub("_", brand)[:_LONGEST_BRAND] or NO_BRAND


def content_of(rows: Iterable[Row]) -> dict[tuple[str, int], str]:
    """The content of each brand and product: the brand's products by number, in groups of twenty."""
    shelf: dict[str, set[int]] = {}
    for row in rows:
        shelf.setdefault(row.brand, set()).add(row.product)
    return {
        (brand, product): f"{brand}-{place // PRODUCTS_IN_CONTENT}"
        for brand in sorted(shelf)
        for place, product in enumerate(sorted(shelf[brand]))
    }


def catalog_lines(rows: list[Row]) -> Iterator[str]:
    """Seller, products, creators, contents: what is referred to stands first."""
    first: dict[int, Row] = {}
    for row in rows:
        first.setdefault(row.product, row)
    contents = content_of(rows)
    tags: dict[tuple[str, str], list[str]] = {}
    for (brand, product), content in contents.items():
        tags.setdefault((brand, content), []).append(str(product))

    yield _line({"type": "seller", "id": SELLER, "name": "REES46"})
    for product, row in first.items():
        price = {"amount": f"{row.price:.2f}", "currency": CURRENCY}
        fields = {"seller": SELLER, "title": f"Product {product}", "category": row.category, "price": price}
        yield _line({"type": "product", "id": str(product)} | fields)
    for brand in dict.fromkeys(brand for brand, _ in tags):
        yield _line({"type": "creator", "id": brand, "name": brand})
    for (brand, content), products in tags.items():
        fields = {"creator": brand, "kind": "image", "published_at": PUBLISHED_AT, "products": products}
        yield _line({"type": "content", "id": content} | fields)


def event_lines(rows: list[Row]) -> Iterator[str]:
    """A view row is a view and, a second later, a click; a purchase row is a purchase; cart rows are nothing."""
    contents = content_of(rows)
    for row in rows:
        content = contents[row.brand, row.product]
        n, product, viewer = row.number, str(row.product), {"viewer": row.viewer}
        if row.kind == "view":
            seen = {"content": content, "watch_ms": WATCH_MS}
            yield _event("view", f"v{n}", row.at - timedelta(seconds=1), viewer | seen)
            yield _event("click", f"c{n}", row.at, viewer | {"content": content, "product": product})
        elif row.kind == "purchase":
            bought = {"order": f"o{n}", "product": product, "quantity": 1}
            paid = {"amount": f"{row.price:.2f}", "currency": CURRENCY}
            yield _event("purchase", f"p{n}", row.at, viewer | bought | paid)


def _event(kind: str, id: str, at: datetime, fields: Mapping[str, object]) -> str:
    return _line({"id": id, "type": kind, "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", **fields})


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def convert(source: Path, folder: Path) -> None:
    """Write `catalog.ndjson` and `events.ndjson` into the folder."""
    print(f"reading {source.name}", file=sys.stderr)
    rows = read_rows(source)
    print(f"{len(rows):,} rows count", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("catalog", list(catalog_lines(rows))), ("events", list(event_lines(rows)))):
        path = folder / f"{name}.ndjson"
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
        print(f"{len(lines):,} lines in {path}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="REES46 events into a catalog and events for Kopeck.")
    parser.add_argument("input", type=Path, metavar="INPUT.csv.gz", help="the gzip CSV")
    parser.add_argument("output", type=Path, metavar="OUTPUT_FOLDER", help="made when it is not there")
    arguments = parser.parse_args()
    try:
        convert(arguments.input, arguments.output)
    except (OSError, KeyError, ValueError, ArithmeticError) as error:
        sys.exit(f"convert: {arguments.input}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
