"""Reports over HTTP: every format holds the same rows, their totals are the ledger's, and the API goes on meanwhile."""

import csv
import io
import json
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from api_market import Market
from api_served import Served, at_once, eventually
from sqlalchemy import Engine, text

from api import streams
from api.attachment import attached
from api.reports import MEDIA
from core.database import transaction

DAYS = "?from=2026-11-01&to=2026-11-30"
REPORTS = ("payouts", "tax", "earnings", "fund")
# Payouts by the ten thousand, reserved by one entry: more than a batch and more than a socket's buffer.
_MANY = """
INSERT INTO creator (id, name) SELECT 'm' || lpad(i::text, 6, '0'), '=Имя ' || i FROM generate_series(1, :count) i;
INSERT INTO payout_run (currency, provider, state, drafted_by, payout_count, total, created_at)
    VALUES ('EUR', 'manual', 'draft', 'anna', :count, 0, '2026-11-03');
SELECT count(*) FROM ledger_open(ARRAY(SELECT 'liabilities:creator:' || id || ':in_transit' FROM creator
    WHERE id LIKE 'm______'), 'EUR');
SELECT count(*) FROM ledger_open(ARRAY['equity:opening'], 'EUR');
WITH who AS (
    SELECT a.id, 10000 * row_number() OVER (ORDER BY a.id) AS amount FROM account a
    WHERE a.code LIKE 'liabilities:creator:m______:in_transit'
), all_legs AS (
    SELECT array_agg(id) AS ids, array_agg(-amount) AS amounts, sum(amount)::bigint AS total FROM who
), entry AS (
    SELECT ledger_post('many', 'payout.reserve', 'EUR', '2026-11-03', '2026-11-03', NULL,
        ids || (SELECT id FROM account WHERE code = 'equity:opening' AND currency = 'EUR'), amounts || total) AS posted
    FROM all_legs
)
INSERT INTO payout (run_id, creator, currency, amount, tax_status, destination, entry_id, created_at)
SELECT (SELECT max(id) FROM payout_run), split_part(a.code, ':', 3), 'EUR', w.amount, 'individual', '', 1, '2026-11-03 12:00'
FROM entry, who w JOIN account a ON a.id = w.id
"""


def many(market: Market, count: int) -> None:
    with transaction(market.engine) as session:
        for statement in re.sub(r":(?!count)", r"\\:", _MANY).split(";\n"):
            session.execute(text(statement), {"count": count} if ":count" in statement else {})


def read(market: Market, name: str, format: str, query: str = DAYS) -> list[dict[str, Any]]:
    answer = market.call("finance", "GET", f"/v1/reports/{name}{query}&format={format}")
    assert (answer.status_code, answer.mimetype) == (200, MEDIA[format]), answer.text[:300]
    if format == "json":
        return json.loads(answer.data)["data"]  # type: ignore[no-any-return]
    if format == "csv":
        return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))
    if format == "parquet":
        return pq.read_table(io.BytesIO(answer.data)).to_pylist()  # type: ignore[no-any-return]
    [head, *rows] = openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def same(value: Any) -> str:
    """A cell as any format has it, in one form."""
    if isinstance(value, str) or value is None:
        value = (value or "").removeprefix("'")
        try:
            return str(Decimal(value).normalize())
        except ArithmeticError:
            return value
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00")  # type: ignore[no-any-return]
    return str(Decimal(str(value)).normalize())


@pytest.mark.parametrize("name", REPORTS)
def test_every_format_holds_the_same_rows(market: Market, name: str) -> None:
    expected = read(market, name, "json")
    assert expected
    moments = {key for key in expected[0] if key.endswith("_at")}
    for format in ("csv", "xlsx", "parquet"):
        rows = read(market, name, format)
        assert len(rows) == len(expected)
        for row, other in zip(rows, expected, strict=True):
            assert list(row) == list(other)
            assert {k: same(v) for k, v in row.items() if k not in moments} == {
                k: same(v) for k, v in other.items() if k not in moments
            }


def test_x3_totals_are_the_ledgers(market: Market) -> None:
    many(market, 5000)
    with market.engine.connect() as connection:
        posted = dict(connection.execute(text(
            "SELECT e.currency, -sum(p.amount) FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a"
            " ON a.id = p.account_id WHERE e.kind = 'payout.reserve' AND a.code LIKE 'liabilities:creator:%\\:in_transit'"
            " GROUP BY 1"
        )).all())  # fmt: skip
        earned = connection.scalar(text(
            "SELECT -sum(p.amount) FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id"
            " WHERE e.kind = 'reward.accrue' AND a.code LIKE 'liabilities:creator:%'"
        ))  # fmt: skip
    for format in ("csv", "xlsx", "parquet", "json"):
        totals: dict[str, Decimal] = {}
        for row in read(market, "payouts", format):
            totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(str(row["amount"]))
        assert {each: int(total * 1_000_000) for each, total in totals.items()} == posted
    rows = read(market, "earnings", "csv")
    assert sum(Decimal(row["earned"]) for row in rows) == Decimal(earned) / 1_000_000
    assert all(Decimal(row["earned"]) == Decimal(row["given"]) - Decimal(row["taken_back"]) for row in rows)
    names = {row["name"] for row in read(market, "payouts", "csv") if row["creator"].startswith("m")}
    assert all(name.startswith("'=Имя") for name in names)


def test_the_fund_report_is_the_burn_down(market: Market) -> None:
    rows = read(market, "fund", "json", DAYS + "&fund=main")
    shown = market.call.ok("finance", "GET", "/v1/funds/main/burn-down" + DAYS)
    expected = {
        (line["id"], day["day"]): {k: Decimal(v) for k, v in day.items() if k != "day"}
        for line in shown["lines"]
        for day in line["days"]
    }
    moves = ("opening", "allocated", "transferred", "adjusted", "rewards", "grants", "taken_back", "closing")
    assert {(row["line"], row["day"]): {k: Decimal(row[k]) for k in moves} for row in rows} == expected
    assert read(market, "fund", "json", DAYS + "&fund=nobody") == []


def test_payouts_by_when_they_were_sent(market: Market) -> None:
    sent = {row["payout"] for row in read(market, "payouts", "json", DAYS + "&by=sent")}
    assert market.ids["po_sent"] in sent and market.ids["po_draft"] not in sent
    settled = {row["payout"] for row in read(market, "payouts", "json", DAYS + "&by=settled")}
    assert settled == {market.ids["po_paid"], market.ids["po_by_stripe"]}
    assert read(market, "payouts", "json", "?from=2026-11-29&to=2026-11-30") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?from=2026-11-01",
        DAYS + "&format=xls",
        DAYS + "&by=x",
        "?from=2026-11-02&to=2026-11-01",
        DAYS + "&a=b",
    ],
)
def test_what_cannot_be_asked_is_422(market: Market, query: str) -> None:
    assert market.call("finance", "GET", "/v1/reports/payouts" + query).status_code == 422


def test_the_header_chooses_too_and_json_comes_by_itself(market: Market) -> None:
    for name, media in MEDIA.items():
        answer = market.call("auditor", "GET", "/v1/reports/tax" + DAYS, accept=media)
        assert answer.mimetype == media
        assert (
            answer.headers["Content-Disposition"]
            == f'attachment; filename="tax-2026-11-01-2026-11-30.{name}"'
        )
    assert (
        market.call("auditor", "GET", "/v1/reports/tax" + DAYS, accept="*/*").mimetype == "application/json"
    )
    assert market.call("auditor", "GET", "/v1/reports/tax" + DAYS, accept="image/png").status_code == 406


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.csv", 'attachment; filename="a b.csv"'),
        (
            'q"u\r\nSet-Cookie: x=1.csv',
            'attachment; filename="q_u__Set-Cookie_ x=1.csv"'.replace("x=1", "x_1"),
        ),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("..", 'attachment; filename="file"'),
        (
            "отчёт.csv",
            "attachment; filename=\"_____.csv\"; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.csv",
        ),
    ],
)
def test_x5_a_file_name_is_safe_whatever_it_holds(market: Market, name: str, header: str) -> None:
    with market.call.app.test_request_context():
        answer = attached(market.call.app.response_class(b""), name)
    shown = answer.headers["Content-Disposition"]
    assert shown.isascii() and "\r" not in shown and "\n" not in shown
    assert shown.split(";")[1] == header.split(";")[1] and ("filename*" in shown) == (
        "=" in name or "filename*" in header
    )


def test_x10_five_reports_at_once_are_all_made_and_do_not_block_the_api(
    market: Market, served: Served, owner: Engine
) -> None:
    many(market, 5000)
    answers: list[Any] = []

    def ask(format: str) -> None:
        answers.append(served.call("finance", "GET", f"/v1/reports/payouts{DAYS}&format={format}"))

    askers = [
        threading.Thread(target=ask, args=(each,)) for each in ("csv", "xlsx", "parquet", "json", "csv")
    ]
    for each in askers:
        each.start()
    others = at_once(4, lambda _: served.call("auditor", "GET", "/v1/ledger/trial-balance").status)
    for each in askers:
        each.join()
    assert others == [200] * 4
    assert [each.status for each in answers] == [200] * 5
    eventually(_idle(owner))


def _idle(owner: Engine) -> Callable[[], bool]:
    def look() -> bool:
        with owner.connect() as connection:
            return not connection.scalar(text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            ))  # fmt: skip

    return look


def test_who_waits_too_long_is_asked_to_come_again(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.reports.WAIT", 0.05)
    held = [streams.turns.acquire(blocking=False) for _ in range(streams.AT_ONCE)]
    try:
        answer = market.call("finance", "GET", "/v1/reports/payouts" + DAYS)
    finally:
        for _ in range(sum(held)):
            streams.turns.release()
    assert (answer.status_code, answer.json["code"]) == (503, "too_busy")
    assert market.call("finance", "GET", "/v1/reports/payouts" + DAYS).status_code == 200


def test_differences_are_paged_and_resolved_once(market: Market) -> None:
    shown = market.call.ok("auditor", "GET", "/v1/reconciliation?limit=1")
    assert shown["as_of"] and [each["id"] for each in shown["differences"]] == [market.ids["dif_open"]]
    everything = market.call.ok("auditor", "GET", "/v1/reconciliation?state=all&limit=1")
    rest = market.call.ok(
        "auditor", "GET", f"/v1/reconciliation?state=all&limit=1&cursor={everything['next_cursor']}"
    )
    assert len({everything["differences"][0]["id"], rest["differences"][0]["id"]}) == 2
    path = f"/v1/reconciliation/{market.ids['dif_open']}/resolve"
    done = market.call.ok("finance", "POST", path, {"reason": "asked the bank"})
    assert (done["resolved_by"], done["reason"]) == ("Fyodor", "asked the bank")
    assert market.call("finance2", "POST", path, {"reason": "b"}).json["code"] == "already_resolved"
    still = market.call.ok("auditor", "GET", "/v1/reconciliation")["differences"]
    assert market.ids["dif_open"] not in {each["id"] for each in still}
