"""Entries by hand over HTTP: one person asks, another one lets the large ones through, and nothing is half done."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from api_caller import Caller
from api_market import Market, postings, rub
from api_requests import picture
from api_served import Served, at_once

from api.keys import create_key
from core.database import transaction
from ledger.verify import verify

ENTRIES = "/v1/ledger/entries"
WRITEOFF, OPENING, LINE = "expenses:writeoff", "equity:opening", "liabilities:fund:main:line:l"
LARGE = postings((WRITEOFF, "100000.01"), (OPENING, "-100000.01"))


def ask(call: Caller, legs: Any, role: str = "operator", **more: Any) -> Any:
    return call(role, "POST", ENTRIES, {"postings": legs, "reason": "a mistake"} | more)


def refused(market: Market, body: dict[str, Any], status: int, code: str, pointer: str | None = None) -> Any:
    """The answer to a body that is refused and leaves no row in any table, but for the stored answer."""
    before = picture(market.engine)
    answer = market.call("operator", "POST", ENTRIES, body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    if pointer is not None:
        assert answer.json["errors"][0]["pointer"] == pointer
    after = picture(market.engine)
    if status == 409 or status == 404:  # a refusal is an answer that is given again
        before, after = ({k: v for k, v in each.items() if k != "idempotency"} for each in (before, after))
    assert after == before
    return answer


def test_it_is_shown_in_full_and_leads_to_its_entry(market: Market) -> None:
    call, before = (
        market.call,
        market.call.ok("auditor", "GET", "/v1/ledger/entries/{entry1}".format(**market.ids)),
    )
    legs = postings((WRITEOFF, "5.000001"), (LINE, "-5.000001"))
    answer = ask(call, legs, effective_on="2026-11-01", corrects=before["id"])
    assert answer.status_code == 201
    made = answer.json
    assert {name: made[name] for name in made if name not in {"id", "entry", "proposed_at"}} == {
        "state": "posted",
        "postings": legs,
        "amount": "5.000001",
        "currency": "RUB",
        "reason": "a mistake",
        "corrects": before["id"],
        "reverses": None,
        "effective_on": "2026-11-01",
        "proposed_by": "Olga",
        "decided_by": None,
        "decided_at": None,
        "decision": None,
    }
    assert made["id"].startswith("adj_")
    entry = call.ok("auditor", "GET", f"{ENTRIES}/{made['entry']}")
    assert (entry["kind"], entry["note"], entry["corrects"]) == ("adjustment", "a mistake", before["id"])
    assert call.ok("auditor", "GET", f"{ENTRIES}/{before['id']}")["corrected_by"] == [made["entry"]]
    assert (before["corrects"], before["corrected_by"]) == (None, [])
    assert call.ok("auditor", "GET", f"/v1/ledger/adjustments/{made['id']}") == made
    back = call.ok("operator", "POST", ENTRIES, {"reverses": made["entry"], "reason": "it was none"})
    assert (back["reverses"], back["corrects"], back["state"]) == (made["entry"], made["entry"], "posted")
    assert (
        call("operator", "POST", ENTRIES, {"reverses": made["entry"], "reason": "x"}).json["code"]
        == "already_reversed"
    )


def test_what_is_no_entry_is_refused_with_a_pointer(market: Market) -> None:
    entry = market.ids["entry_posted"]
    body = {"postings": LARGE, "reason": "x"}
    for more, pointer in (
        ({"reason": "x"}, "/postings"),
        ({"reason": "x", "postings": None, "reverses": None}, "/postings"),
    ):
        refused(market, more, 422, "nothing_to_post", pointer)
    refused(market, body | {"reverses": entry}, 422, "not_of_a_reversal", "/postings")
    for name, value in (("corrects", entry), ("effective_on", "2026-11-01")):
        refused(market, {"reason": "x", "reverses": entry, name: value}, 422, "not_of_a_reversal", f"/{name}")
    refused(market, body | {"effective_on": "2026-11-04"}, 422, "future_day", "/effective_on")
    refused(market, {"postings": LARGE}, 422, "malformed_fields", "/reason")
    refused(market, body | {"postings": LARGE[:1]}, 422, "malformed_fields", "/postings")
    refused(market, body | {"postings": [*LARGE, LARGE[0]]}, 422, "repeated_account", "/postings/0/account")
    refused(market, body | {"postings": postings((WRITEOFF, "0"), (OPENING, "0"))}, 422, "zero_amount", "/postings/0/amount")  # fmt: skip
    for extra in ({"state": "posted"}, {"approved_by": "Oleg"}, {"kind": "fund.deposit"}, {"key": "k"}):
        refused(market, body | extra, 422, "malformed_fields")
    refused(market, body | {"corrects": "ent_x"}, 404, "not_found")


def test_l7_what_does_not_balance_leaves_no_row_in_any_table(market: Market) -> None:
    usd = {"account": OPENING, "amount": {"amount": "-1.00", "currency": "USD"}}
    for legs in (
        postings((WRITEOFF, "1.00"), (OPENING, "-0.99")),
        [{"account": WRITEOFF, "amount": rub("1.00")}, usd],
        [
            *postings((WRITEOFF, "1.00"), (LINE, "-2.00")),
            usd | {"amount": {"amount": "1.00", "currency": "USD"}},
        ],
    ):
        refused(market, {"postings": legs, "reason": "x"}, 422, "unbalanced_entry")
    refused(market, {"postings": postings((LINE, "100000.00"), (OPENING, "-100000.00")), "reason": "x"}, 409, "insufficient_funds")  # fmt: skip
    nobody = postings(("liabilities:creator:nobody:available", "1.00"), (OPENING, "-1.00"))
    refused(market, {"postings": nobody, "reason": "x"}, 409, "unknown_account")


def test_l13_sums_and_balances_past_64_bits_are_422(market: Market) -> None:
    most = "999999999999.999999"
    legs = [(f"income:fees:{side}{n}", f"{side}{most}".strip("+")) for side in "+-" for n in range(10)]
    legs = [(code.replace("+", "p").replace("-", "m"), amount) for code, amount in legs]
    refused(market, {"postings": postings(*legs), "reason": "x"}, 422, "amount_too_large")
    for last in [False] * 9 + [True]:
        made = ask(market.call, postings((WRITEOFF, most), (OPENING, f"-{most}"))).json
        path = f"/v1/ledger/adjustments/{made['id']}/approve"
        before = picture(market.engine)
        answer = market.call("finance", "POST", path)
        assert answer.status_code == (422 if last else 200), answer.text
    assert answer.json["code"] == "amount_too_large"
    assert picture(market.engine) == before
    assert market.call.ok("auditor", "GET", f"/v1/ledger/adjustments/{made['id']}")["state"] == "proposed"
    for path in (
        "/v1/ledger/trial-balance",
        "/v1/ledger/accounts",
        f"/v1/ledger/accounts/{WRITEOFF}/postings",
    ):
        assert market.call("auditor", "GET", path).status_code == 200


def test_a10_nobody_approves_what_they_proposed_by_another_key_or_role(market: Market) -> None:
    made = ask(market.call, LARGE).json
    assert (made["state"], made["entry"]) == ("proposed", None)
    with transaction(market.engine) as session:
        market.call.keys["olga_in_finance"] = create_key(session, "finance", "  OLGA ")
    path = f"/v1/ledger/adjustments/{made['id']}/approve"
    for role in ("operator", "olga_in_finance"):
        answer = market.call(role, "POST", path)
        assert (answer.status_code, answer.json["code"]) == (409, "own_adjustment")
    done = market.call.ok("finance", "POST", path)
    assert (done["state"], done["decided_by"]) == ("posted", "Fyodor")
    assert datetime.fromisoformat(done["decided_at"]) == market.clock.now
    assert market.call.ok("auditor", "GET", f"{ENTRIES}/{done['entry']}")["kind"] == "adjustment"
    late = market.call("operator2", "POST", f"/v1/ledger/adjustments/{made['id']}/reject", {"reason": "x"})
    assert (late.status_code, late.json["code"]) == (409, "adjustment_decided")


def test_a_rejection_says_why_and_books_nothing(market: Market) -> None:
    path = "/v1/ledger/adjustments/{adj_large}/reject".format(**market.ids)
    done = market.call.ok("finance", "POST", path, {"reason": "no paper"})
    assert (done["state"], done["decision"], done["entry"]) == ("rejected", "no paper", None)


@pytest.mark.parametrize("source", ["reward", "deposit", "payout"])
def test_entries_of_a_domain_are_not_reversed_and_the_answer_says_what_to_do(
    market: Market, source: str
) -> None:
    call = market.call
    if source == "reward":
        entry, way = market.ids["entry1"], "refund event"
    elif source == "deposit":
        entry, way = call.ok("finance", "GET", "/v1/funds/main/deposits")["data"][0]["entry"], "adjustment"
    else:
        pot = call.ok("auditor", "GET", "/v1/ledger/accounts/liabilities:creator:c1:in_transit/postings")
        entry, way = pot["data"][0]["entry"], "Settle"
    answer = refused(market, {"reverses": entry, "reason": "x"}, 409, "not_reversible")
    assert way in answer.json["detail"]


def test_the_list_pages_by_state_newest_first(market: Market) -> None:
    call = market.call
    made = [ask(call, LARGE).json["id"] for _ in range(4)]
    seen, cursor = [], ""
    while cursor is not None:
        query = f"?state=proposed&limit=2{cursor and f'&cursor={cursor}'}"
        shown = call.ok("auditor", "GET", f"/v1/ledger/adjustments{query}")
        seen += [each["id"] for each in shown["data"]]
        cursor = shown["next_cursor"]
    assert seen == [*reversed(made), market.ids["adj_larger"], market.ids["adj_large"]]
    posted = call.ok("auditor", "GET", "/v1/ledger/adjustments?state=posted")["data"]
    assert [each["id"] for each in posted] == [market.ids["adj_posted"]]
    assert "postings" not in posted[0]


def test_of_twenty_decisions_by_two_processes_one_wins(market: Market, served: Served) -> None:
    path = "/v1/ledger/adjustments/{adj_large}".format(**market.ids)

    def act(n: int) -> Any:
        if n % 2:
            return served.call("finance", "POST", f"{path}/approve")
        return served.call("finance2", "POST", f"{path}/reject", {"reason": "x"})

    done = at_once(20, act)
    assert sorted(each.status for each in done) == [200] + [409] * 19
    reversals = at_once(20, lambda _: served.call("operator", "POST", ENTRIES, {"reverses": market.ids["entry_posted"], "reason": "x"}))  # fmt: skip
    assert sorted(each.status for each in reversals) == [201] + [409] * 19
    with transaction(market.engine) as session:
        assert verify(session) == []


def line_balance(served: Served) -> Decimal:
    lines = served.call("auditor", "GET", "/v1/funds/main").json["lines"]
    return next(Decimal(line["balance"]) for line in lines if line["id"] == "l")


def test_one_key_sent_twenty_times_to_two_processes_posts_once(market: Market, served: Served) -> None:
    body = {"postings": postings((WRITEOFF, "7.00"), (LINE, "-7.00")), "reason": "once"}
    before = line_balance(served)
    done = at_once(20, lambda _: served.call("operator", "POST", ENTRIES, body, idempotency_key="k"))
    assert {each.status for each in done} <= {201, 409}
    assert len({each.data for each in done if each.status == 201}) == 1
    assert line_balance(served) - before == 7
