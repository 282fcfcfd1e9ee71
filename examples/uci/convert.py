"""Turn a year of a real shop's invoices (UCI Online Retail) into a catalog and events that Kopeck can import.

The shop has no creators and its returns name no sale. Both are derived by fixed rules, so that everyone gets the same
numbers: the start of a stock code is a creator, each twenty of its codes are one content that tags them, whoever bought
had clicked a minute earlier, and a return takes back the latest sale it can belong to. See README.md beside this file.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

SELLER = "uci"
CATEGORY = "other"
CURRENCY = "GBP"
LETTERS_OF_CREATOR = 3
PRODUCTS_IN_CONTENT = 20
PUBLISHED_AT = "2010-12-01T00:00:00Z"
CLICK_BEFORE = timedelta(minutes=1)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """An invoice line that counts; `number` is its place among those, from 1. A return's quantity is negative."""

    number: int
    invoice: str
    product: str
    quantity: int
    at: datetime
    price: Decimal
    viewer: str

    @property
    def creator(self) -> str:
        return self.product[:LETTERS_OF_CREATOR].upper()

    @property
    def order(self) -> str:
        return f"{self.invoice}-{self.number}"


def read_lines(path: Path) -> list[Line]:
    """The lines with a customer and a price of whole pennies above 0, numbered from 1 in file order; repeats stay."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        kept = [row for row in csv.DictReader(file) if row["CustomerID"] and _sold(Decimal(row["UnitPrice"]))]
    return [_line_of(number, row) for number, row in enumerate(kept, 1)]


def _sold(price: Decimal) -> bool:
    return price > 0 and price * 100 == int(price * 100)


def _line_of(number: int, row: dict[str, str]) -> Line:
    return Line(
        number,
        row["InvoiceNo"],
        row["StockCode"].replace(" ", "_"),
        int(row["Quantity"]),
        datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC),
        Decimal(row["UnitPrice"]),
        row["CustomerID"].removesuffix(".0"),
    )


def content_of(lines: Iterable[Line]) -> dict[str, str]:
    """The content of each product: a creator's stock codes, sorted, in groups of twenty."""
    shelf: dict[str, set[str]] = {}
    for line in lines:
        shelf.setdefault(line.creator, set()).add(line.product)
    return {
        product: f"{creator}-{place // PRODUCTS_IN_CONTENT}"
        for creator in sorted(shelf)
        for place, product in enumerate(sorted(shelf[creator]))
    }


def catalog_lines(lines: list[Line]) -> Iterator[str]:
    """Seller, products, creators, contents: what is referred to stands first."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.product, line)
    tags: dict[tuple[str, str], list[str]] = {}
    for product, content in content_of(lines).items():
        tags.setdefault((first[product].creator, content), []).append(product)

    yield _json({"type": "seller", "id": SELLER, "name": "UCI Online Retail"})
    for product, line in first.items():
        price = {"amount": f"{line.price:.2f}", "currency": CURRENCY}
        fields = {"seller": SELLER, "title": f"Product {product}", "category": CATEGORY, "price": price}
        yield _json({"type": "product", "id": product} | fields)
    for creator in dict.fromkeys(creator for creator, _ in tags):
        yield _json({"type": "creator", "id": creator, "name": creator})
    for (creator, content), products in tags.items():
        fields = {"creator": creator, "kind": "image", "published_at": PUBLISHED_AT, "products": products}
        yield _json({"type": "content", "id": content} | fields)


def event_lines(lines: list[Line]) -> Iterator[str]:
    """A sale is a click and, a minute later, a purchase; a return is a refund of the latest sale that can hold it."""
    contents = content_of(lines)
    unreturned: dict[tuple[str, str, Decimal], list[list[str | int]]] = {}
    for line in lines:
        sales = unreturned.setdefault((line.viewer, line.product, line.price), [])
        product: dict[str, object] = {"product": line.product}
        if line.quantity > 0:
            seen = {"viewer": line.viewer, "content": contents[line.product]}
            yield _event("click", f"c{line.number}", line.at - CLICK_BEFORE, seen | product)
            bought = {"viewer": line.viewer, "order": line.order, "quantity": line.quantity}
            paid = {"amount": f"{line.quantity * line.price:.2f}", "currency": CURRENCY}
            yield _event("purchase", f"p{line.number}", line.at, bought | product | paid)
            sales.append([line.order, line.quantity])
        else:
            order = _take_back(sales, -line.quantity) or line.order
            yield _event(
                "refund", f"r{line.number}", line.at, {"order": order, "quantity": -line.quantity} | product
            )


def _take_back(sales: list[list[str | int]], quantity: int) -> str | None:
    """The order of the latest sale with so much unreturned, now less it."""
    for sale in reversed(sales):
        if int(sale[1]) >= quantity:
            sale[1] = int(sale[1]) - quantity
            return str(sale[0])
    return None


def _event(kind: str, id: str, at: datetime, fields: Mapping[str, object]) -> str:
    return _json({"id": id, "type": kind, "occurred_at": at.isoformat(), **fields})


def _json(row: Mapping[str, object]) -> str:
    return _encode(row) + "\n"


def convert(source: Path, folder: Path) -> None:
    """Write `catalog.ndjson` and `events.ndjson` into the folder."""
    print(f"reading {source.name}", file=sys.stderr)
    lines = read_lines(source)
    print(f"{len(lines):,} lines count", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in (("catalog", catalog_lines(lines)), ("events", event_lines(lines))):
        path, count = folder / f"{name}.ndjson", 0
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for row in made:
                file.write(row)
                count += 1
        print(f"{count:,} lines in {path}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="UCI Online Retail into a catalog and events for Kopeck.")
    parser.add_argument("input", type=Path, metavar="INPUT.csv.gz", help="the gzip CSV")
    parser.add_argument("output", type=Path, metavar="OUTPUT_FOLDER", help="made when it is not there")
    arguments = parser.parse_args()
    try:
        convert(arguments.input, arguments.output)
    except (OSError, KeyError, ValueError, ArithmeticError) as error:
        sys.exit(f"convert: {arguments.input}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
