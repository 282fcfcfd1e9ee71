"""A year of a real shop with its returns: to the penny for every creator, through the command line and HTTP."""

import importlib.util
import json
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import text
from test_rees46_run import Service, service  # noqa: F401  (a fixture)
from uci_oracle import Outcome, work_out

from core.database import make_engine, transaction

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "uci" / "convert.py"
SOURCE = "uci_online_retail_2010_2011.csv.gz"
WHEN = "from=2010-12-01&to=2011-12-09"
RULES_OFF = {
    f"KOPECK_TRAFFIC_{name}": "0"
    for name in (
        "VIEWS_PER_HOUR", "CLICKS_PER_HOUR", "PAIR_PER_DAY", "CLICK_SECONDS", "VIEW_SHARE", "OWN_VIEWER",
    )
}  # fmt: skip


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("uci_convert", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convert = load_script()


@pytest.fixture(scope="module")
def outcome(shared: Path) -> Outcome:
    return work_out(shared / "data" / SOURCE)


def test_the_published_figures(outcome: Outcome) -> None:
    assert (outcome.sales, outcome.returns, outcome.unknown) == (397_880, 7_136, 1_769)
    assert (sum(outcome.sold.values()), sum(outcome.returned.values())) == (891_140_790, 45_808_462)
    assert len(outcome.sold) <= 118


def gbp(pennies: int) -> dict[str, str]:
    return {"amount": f"{Decimal(pennies) / 100:.2f}", "currency": "GBP"}


def rows(service: Service, statement: str) -> list[Any]:  # noqa: F811
    engine = make_engine(service.environ["KOPECK_DATABASE_URL"], "UTC")
    with transaction(engine) as session:
        found = session.execute(text(statement)).all()
    engine.dispose()
    return list(found)


def figures(service: Service) -> dict[str, Any]:  # noqa: F811
    """Everything that must not change when anything is done a second time."""
    report = service.call("auditor", "GET", f"/reports/attribution?{WHEN}")
    shares = rows(
        service, "SELECT creator, sum(amount), count(*) FROM share GROUP BY creator ORDER BY creator"
    )
    return {
        "report": {name: (part["count"], part["sums"]) for name, part in report.items()},
        "shares": [tuple(row) for row in shares],
    }


@pytest.mark.slow
def test_a_year_of_a_real_shop(service: Service, shared: Path, tmp_path: Path, outcome: Outcome) -> None:  # noqa: F811
    service.environ.update(RULES_OFF)
    convert.convert(shared / "data" / SOURCE, tmp_path)
    catalog, events = tmp_path / "catalog.ndjson", tmp_path / "events.ndjson"
    assert "4,061 accepted, 0 rejected" in service.kopeck("import", str(catalog))
    told = service.kopeck("import", "--backfill", str(events))
    assert "802,896 accepted, 0 duplicates, 0 conflicts, 1,769 parked, 0 rejected" in told
    service.kopeck("jobs", "run", "all")

    assert [service.count(f"/{name}") for name in ("creators", "contents", "products")] == [118, 259, 3683]
    all_of_them, none = (397_880, [gbp(891_140_790)]), (0, [])
    seen = figures(service)
    assert seen["report"] == {
        "purchases": all_of_them, "attributed": all_of_them, "by_click": all_of_them,
        "by_view": none, "unattributed": none,
    }  # fmt: skip
    assert {creator: int(micros) for creator, micros, _ in seen["shares"]} == {
        creator: pennies * 10_000 for creator, pennies in outcome.net().items()
    }
    assert sum(int(micros) for _, micros, _ in seen["shares"]) == 845_332_328 * 10_000
    assert rows(service, "SELECT count(*) FROM share WHERE creator <> upper(left(product, 3))") == [(0,)]
    won = rows(
        service, "SELECT p.event_id, a.touch_id FROM attribution a JOIN purchase p ON p.id = a.purchase_id"
    )
    assert dict(map(tuple, won)) == outcome.winner  # type: ignore[arg-type]
    refunds = rows(service, "SELECT count(*), sum(amount) FROM refund")
    assert [tuple(map(int, row)) for row in refunds] == [(7_136, 45_808_462 * 10_000)]
    _one_sale_by_http(service, events)
    assert "no differences" in service.kopeck("tallies", "verify")

    again = service.kopeck("jobs", "run", "all").splitlines()
    assert [each for each in again if "nothing to do" not in each] == []
    assert figures(service) == seen


def _one_sale_by_http(service: Service, events: Path) -> None:  # noqa: F811
    """The first sale that was taken back: its shares and what the refund left of them."""
    with events.open(encoding="utf-8") as file:
        known, back = {}, None
        for row in map(json.loads, file):
            if row["type"] == "purchase":
                known[row["order"]] = row
            elif row["type"] == "refund" and row["order"] in known:
                back = row
                break
    assert back is not None
    bought = known[back["order"]]
    shown = service.call("auditor", "GET", f"/sales/{back['order']}/{back['product']}/attribution")
    [policy] = shown["policies"]
    assert policy["outcome"] == "click"
    amounts = [Decimal(share["amount"]["amount"]) for share in policy["shares"]]
    price = Decimal(bought["amount"]) / bought["quantity"]
    assert amounts[0] == Decimal(bought["amount"])
    assert sum(amounts) == price * (bought["quantity"] - back["quantity"])
    assert {share["creator"] for share in policy["shares"]} == {back["product"][:3].upper()}
