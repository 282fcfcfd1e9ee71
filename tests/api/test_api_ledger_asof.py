"""The books over HTTP: as of a day, as of a moment, in pages; closing a period."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from api_market import Market
from sqlalchemy import Engine, text

LINE = "liabilities:fund:main:line:l"
PENDING = "liabilities:creator:c1:available"
NOVEMBER = "from=2026-11-01&to=2026-11-30"


def trial(market: Market, **query: Any) -> Any:
    return market.call.ok("auditor", "GET", "/v1/ledger/trial-balance?" + joined(query))


def joined(query: dict[str, Any]) -> str:
    return "&".join(f"{name}={str(value).replace('+', '%2B')}" for name, value in query.items() if value)


def whole(market: Market, **query: Any) -> list[Any]:
    """Every line, page by page; only the first page has totals."""
    lines, cursor = [], None
    while True:
        shown = trial(market, **query, limit=3, cursor=cursor)
        assert (shown["totals"] is None) == (cursor is not None)
        lines += shown["lines"]
        if (cursor := shown["next_cursor"]) is None:
            return lines


def mark(engine: Engine, at: datetime) -> None:
    """A watermark, taken at a moment of the service's clock."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid) SELECT :at, o, s::text,"
                " pg_snapshot_xmin(s)::text::bigint + o FROM ledger_epoch() o, pg_current_snapshot() s"
            ),
            {"at": at},
        )


def total(lines: list[Any]) -> Decimal:
    return sum((Decimal(line["balance"]["amount"]) for line in lines), Decimal(0))


def test_the_trial_balance_in_pages_sums_to_zero(market: Market) -> None:
    shown = trial(market)
    assert (shown["as_of"], shown["final"]) == (None, False)
    assert total(shown["lines"]) == 0
    debits = {"RUB": Decimal(0), "USD": Decimal(0)}
    for line in shown["lines"]:
        debits[line["balance"]["currency"]] += max(Decimal(line["balance"]["amount"]), Decimal(0))
    totals = {each["currency"]: (each["amount"], Decimal(each["debits"])) for each in shown["totals"]}
    assert totals == {currency: ("0.00", amount) for currency, amount in debits.items()}
    assert whole(market) == shown["lines"]


def test_a_closed_day_answers_the_same_for_ever(market: Market) -> None:
    assert trial(market, as_of="2026-11-02")["final"] is False
    market.clock.pass_time(days=1)
    closing = market.call.ok("finance", "POST", "/v1/ledger/periods/2026-11-03/close")
    assert (closing["through"], closing["closed_by"]) == ("2026-11-03", "Fyodor")
    statement = f"/v1/ledger/accounts/{LINE}/statement?from=2026-11-01&to=2026-11-03"
    creators = "/v1/creators/c1/statement?from=2026-11-01&to=2026-11-03"

    def asked() -> list[Any]:
        call = market.call.ok
        days = [trial(market, as_of=day) for day in ("2026-11-02", "2026-11-03")]
        return [*days, call("auditor", "GET", statement), call("creator", "GET", creators)]

    before = asked()
    assert before[1]["final"] and before[1]["as_of"]["day"] == "2026-11-03"
    market.events(market.event("refund", "late", order="o1", product="p1", amount="600.00", currency="RUB"))
    market.clock.pass_time(days=1)
    market.jobs()
    assert asked() == before
    assert whole(market, as_of="2026-11-03") == before[1]["lines"]
    later = market.call.ok("creator", "GET", "/v1/creators/c1/statement?from=2026-11-04&to=2026-12-31")
    assert later["opening"] == before[3]["closing"]
    late = [line for line in later["lines"] if line["kind"] == "reward.accrue"]
    assert [(line["amount"]["amount"], line["booked_on"], line["effective_on"]) for line in late] == [
        ("-60.00", "2026-11-04", "2026-11-02")
    ]


def test_a_moment_is_answered_by_its_watermark(market: Market) -> None:
    before = market.clock.now
    refused = market.call("auditor", "GET", f"/v1/ledger/trial-balance?as_of={before:%Y-%m-%dT%H:%M:%SZ}")
    assert (refused.status_code, refused.json["code"]) == (404, "no_watermark")
    mark(market.engine, before)
    then = trial(market)
    market.clock.pass_time(hours=1)
    market.earn("c1", "5.00")
    mark(market.engine, market.clock.now)
    found = trial(market, as_of=(before + timedelta(minutes=59)).isoformat())
    assert (found["lines"], found["totals"], found["final"]) == (then["lines"], then["totals"], True)
    assert found["as_of"]["watermark"] > 0
    assert datetime.fromisoformat(found["as_of"]["taken_at"]) == before
    assert whole(market, as_of=before.isoformat()) == then["lines"]
    balance = f"/v1/ledger/accounts/{PENDING}/balance?currency=RUB"
    amounts = [
        market.call.ok("auditor", "GET", balance + asked)["balance"]["amount"]
        for asked in (f"&as_of={before:%Y-%m-%dT%H:%M:%SZ}", "&as_of=2026-11-01", "&as_of=2026-11-30", "")
    ]
    assert Decimal(amounts[2]) == Decimal(amounts[3]) == Decimal(amounts[0]) - 5
    assert amounts[1] == "0.00"


@pytest.mark.parametrize(
    "asked",
    ["2026-11-31", "yesterday", "2026-11-01T00:00:00", "", "2099-01-01T00:00:00Z", "2026-11", "1762000000"],
)
def test_what_is_no_day_and_no_moment_is_422(market: Market, asked: str) -> None:
    for path in ("trial-balance", f"accounts/{LINE}/balance"):
        answer = market.call("auditor", "GET", f"/v1/ledger/{path}?as_of={asked}")
        assert answer.status_code == 422, answer.text


def test_an_accounts_statement_in_pages(market: Market) -> None:
    path = f"/v1/ledger/accounts/{LINE}/statement?{NOVEMBER}"
    shown = market.call.ok("auditor", "GET", path)
    lines, cursor = [], ""
    while cursor is not None:
        page = market.call.ok("auditor", "GET", f"{path}&limit=1{cursor}")
        assert (page["opening"], page["closing"]) == (shown["opening"], shown["closing"])
        lines += page["lines"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert lines == shown["lines"] and len(lines) > 1
    assert lines[-1]["balance"] == shown["closing"]
    assert Decimal(shown["closing"]["amount"]) == -Decimal(
        market.call.ok("auditor", "GET", f"/v1/ledger/accounts/{LINE}/balance")["balance"]["amount"]
    )
    backwards = market.call(
        "auditor", "GET", f"/v1/ledger/accounts/{LINE}/statement?from=2026-11-02&to=2026-11-01"
    )
    assert (backwards.status_code, backwards.json["code"]) == (422, "bad_period")
    none = market.call("auditor", "GET", f"/v1/ledger/accounts/assets:none/statement?{NOVEMBER}")
    assert none.status_code == 404


def test_closings_and_their_refusals(market: Market) -> None:
    for period, status, code in (
        ("2026-09", 409, "period_closed"),
        ("2026-11", 409, "period_not_ended"),
        ("2026-11-03", 409, "period_not_ended"),
        ("2026-13", 422, "bad_period"),
        ("october", 422, "bad_period"),
    ):
        answer = market.call("finance", "POST", f"/v1/ledger/periods/{period}/close")
        assert (answer.status_code, answer.json["code"]) == (status, code), period
    market.call.ok("finance", "POST", "/v1/ledger/periods/2026-11-02/close")
    listed = market.call.ok("auditor", "GET", "/v1/ledger/periods")["data"]
    assert [each["period"] for each in listed] == ["2026-11-02", "2026-09"]
    assert market.call.ok("auditor", "GET", "/v1/ledger/periods/2026-10")["period"] == "2026-11-02"
    assert market.call("auditor", "GET", "/v1/ledger/periods/2026-11").status_code == 404
    # A day begins in Moscow: at 21:00 UTC the third of November has ended.
    market.clock.now = market.clock.now.replace(hour=21, minute=0)
    market.call.ok("finance", "POST", "/v1/ledger/periods/2026-11-03/close")


def test_payouts_go_on_over_closed_days(market: Market, ids: dict[str, str]) -> None:
    """A run up to a closed day, settled and given back after another day was closed."""
    ok = market.call.ok
    market.clock.pass_time(days=1)
    ok("finance", "POST", "/v1/ledger/periods/2026-11-03/close")
    run = ok("finance", "POST", "/v1/payout-runs",
             {"currency": "RUB", "provider": "manual", "creators": ["d2"], "until": "2026-11-03"})  # fmt: skip
    market.jobs()
    market.clock.pass_time(days=1)
    ok("finance", "POST", "/v1/ledger/periods/2026-11-04/close")
    ok("finance", "POST", f"/v1/payout-runs/{run['id']}/cancel")
    ok("finance", "POST", f"/v1/payouts/{ids['po_sent']}/settle", {"outcome": "paid", "reference": "x"})
    shown = ok("auditor", "GET", "/v1/creators/d2/statement?from=2026-11-04&to=2026-11-05")
    assert (shown["opening"]["amount"], shown["closing"]["amount"]) == ("50.00", "50.00")


def test_l11_every_answer_adds_up_while_others_write(market: Market) -> None:
    def write(n: int) -> None:
        market.call.ok("finance", "POST", "/v1/funds/main/deposits", {"amount": {"amount": f"{n + 1}.00", "currency": "RUB"}})  # fmt: skip

    def read(_: int) -> None:
        account = "liabilities:fund:main:unallocated"
        shown = market.call.ok("auditor", "GET", f"/v1/ledger/accounts/{account}/statement?{NOVEMBER}")
        moved = sum(Decimal(line["amount"]["amount"]) for line in shown["lines"])
        assert Decimal(shown["opening"]["amount"]) + moved == Decimal(shown["closing"]["amount"])
        books = trial(market, as_of="2026-11-30")
        assert total(books["lines"]) == 0
        assert [each["amount"] for each in books["totals"]] == ["0.00", "0.00"]

    with ThreadPoolExecutor(12) as pool:
        work = [pool.submit(job, n) for n in range(20) for job in (write, read)]
        for each in work:
            each.result()
