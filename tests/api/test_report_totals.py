"""Reports add up to the ledger, at the size that a marketplace has; the tax report is the tax register."""

import re
from decimal import Decimal

import pytest
from api_market import Market
from sqlalchemy import text
from test_reports import DAYS, many, read

from core.database import transaction
from payouts.tax_register import tax_rows

TEXT = re.compile(r"(0|[1-9][0-9]*)\.[0-9]{2,6}")


def _posted(market: Market, kind: str, code: str, currency: str) -> Decimal:
    query = (
        "SELECT -sum(p.amount) FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id"
        " WHERE e.kind = :kind AND a.code LIKE :code AND e.currency = :currency"
    )
    with transaction(market.engine) as session:
        found = session.scalar(text(query), {"kind": kind, "code": code, "currency": currency})
    return Decimal(found) / 1_000_000


@pytest.mark.slow
def test_x3_a_hundred_thousand_rows_are_the_ledgers_sum(market: Market) -> None:
    many(market, 100_000)
    posted = _posted(market, "payout.reserve", "liabilities:creator:%:in_transit", "EUR")
    for format in ("csv", "json", "parquet"):
        rows = [row for row in read(market, "payouts", format) if row["currency"] == "EUR"]
        assert len(rows) == 100_000
        assert sum(Decimal(str(row["amount"])) for row in rows) == posted, format
        if format in ("csv", "json"):
            assert all(TEXT.fullmatch(row["amount"]) for row in rows)


def test_the_tax_report_is_the_register_and_the_ledger(market: Market) -> None:
    ok = market.call.ok
    rule = {
        "tax_status": "individual",
        "currency": "RUB",
        "kind": "ndfl",
        "bands": [{"up_to": None, "rate": "0.13"}],
    }
    ok("finance", "POST", "/v1/withholdings", rule | {"valid_from": f"{market.clock.now:%Y-%m-%d}"})
    for name, amount in (("t1", "1000.00"), ("t2", "777.77"), ("t3", "50.00")):
        ok("platform", "PUT", f"/v1/creators/{name}", {"name": f"=Creator {name}"})
        payee = {"tax_status": "individual", "method": "manual", "destination": {"account": name}}
        ok("finance2", "PUT", f"/v1/creators/{name}/payee", payee)
        ok("finance", "POST", f"/v1/creators/{name}/payee/verify")
        market.earn(name, amount)
    ok(
        "finance",
        "POST",
        "/v1/payout-runs",
        {"currency": "RUB", "provider": "manual", "creators": ["t1", "t2", "t3"]},
    )
    market.jobs()
    [gone] = ok("finance", "GET", "/v1/payouts?creator=t3")["data"]
    ok("finance2", "POST", f"/v1/payouts/{gone['id']}/cancel")

    shown = {row["payout"]: row for row in read(market, "tax", "json")}
    with transaction(market.engine) as session:
        days = market.clock.now.date().replace(day=1), market.clock.now.date().replace(day=30)
        register = list(tax_rows(session, *days))
    assert list(shown) == [each.payout for each in register] and gone["id"] not in shown
    for each in register:
        row = shown[each.payout]
        assert (row["day"], row["creator"], row["kind"]) == (each.day.isoformat(), each.creator, each.kind)
        assert [row[name] for name in ("gross", "tax", "net")] == [
            each.gross.amount,
            each.tax.amount,
            each.net.amount,
        ]
        assert each.gross == each.tax + each.net
    taxes = {row["creator"]: row["tax"] for row in shown.values() if row["kind"] == "ndfl"}
    assert taxes == {"t1": "130.00", "t2": "101.00"}
    with transaction(market.engine) as session:
        owed = session.scalar(text(
            "SELECT -b.balance FROM balance b JOIN account a ON a.id = b.account_id WHERE a.code = 'liabilities:tax:ndfl'"
        ))  # fmt: skip
    assert Decimal(owed) / 1_000_000 == sum(map(Decimal, taxes.values())) == Decimal("231.00")
    assert ok("auditor", "GET", "/v1/reports/tax" + DAYS)["data"] == list(shown.values())
