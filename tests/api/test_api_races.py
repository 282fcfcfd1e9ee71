"""Many at once against several processes."""

import threading
from decimal import Decimal

from api_market import Market
from api_requests import REQUESTS
from api_served import Served, at_once

from core.database import transaction
from core.money import Money
from jobs.checks import CHECKS
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.verify import run_checks, verify

RUN = {"currency": "RUB", "provider": "manual", "creators": ["d2"]}


def test_l1_fifty_payout_runs_at_once_make_one_payout(market: Market, served: Served) -> None:
    sent = at_once(50, lambda _: served.call("finance", "POST", "/v1/payout-runs", RUN))
    assert sorted(each.status for each in sent) == [201] + [409] * 49
    market.jobs()
    again = at_once(20, lambda _: served.call("finance", "POST", "/v1/payout-runs", RUN))
    assert {(each.status, each.json["code"]) for each in again} == {(409, "nothing_payable")}
    market.jobs()
    payouts = served.call("finance", "GET", "/v1/payouts?creator=d2").json["data"]
    assert [(each["amount"]["amount"], each["state"]) for each in payouts] == [("50.00", "reserved")]
    [pot] = served.call("finance", "GET", "/v1/creators/d2/balance").json["balances"]
    assert (pot["available"], pot["in_transit"]) == ("0.00", "50.00")
    with transaction(market.engine) as session:
        assert run_checks(session, CHECKS) == []


def test_one_of_twenty_approvals_or_cancellations_wins(market: Market, served: Served) -> None:
    path = f"/v1/payout-runs/{market.ids['run_draft']}"
    verbs = ("approve", "cancel")
    sent = at_once(20, lambda n: served.call("finance2", "POST", f"{path}/{verbs[n % 2]}"))
    assert sorted(each.status for each in sent)[0] == 200
    # A cancellation may follow an approval, for nothing was sent yet; nothing may follow a cancellation.
    assert 1 <= sum(each.status == 200 for each in sent) <= 2
    assert {each.status for each in sent} == {200, 409}
    with transaction(market.engine) as session:
        assert run_checks(session, CHECKS) == []


def test_deposits_from_many_never_pass_the_budget(market: Market, served: Served) -> None:
    body = {"amount": {"amount": "40000.00", "currency": "RUB"}}
    sent = at_once(40, lambda _: served.call("finance", "POST", "/v1/funds/main/deposits", body))
    assert sorted(each.status for each in sent) == [201] * 12 + [409] * 28
    fund = served.call("auditor", "GET", "/v1/funds/main").json
    assert fund["deposited"] == "980000.00"


def test_l11_readers_never_see_half_an_entry(market: Market, served: Served) -> None:
    """Twenty writers move a creator's money between its pots, and more comes in by whole hundreds."""
    market.earn("d3", "1000.00")
    stop, written = threading.Event(), [0] * 20
    available, transit = accounts.creator("d3", "available"), accounts.creator("d3", "in_transit")

    def write(number: int) -> None:
        while not stop.is_set():
            written[number] += 1
            amount = Money.parse(f"0.{number + 10}", "RUB")
            step = written[number] % 3
            more = Money.parse("100.00", "RUB")
            legs = [debit(accounts.OPENING, more), credit(available, more)]
            if step:  # there, and at the next turn back
                one, other = (available, transit) if step == 1 else (transit, available)
                legs = [debit(one, amount), credit(other, amount)]
            with transaction(market.engine) as session:
                key = f"w:{number}:{written[number]}"
                post(session, key=key, kind="move", effective_on=market.clock.now.date(), legs=legs)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for writer in writers:
        writer.start()
    try:
        rounds = at_once(4, lambda _: [look(served) for _ in range(10)])
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    seen = [total for each in rounds for total in each]
    assert all(total % 100 == 0 for total in seen)
    assert len(set(seen)) > 5 and sum(written) > 100
    with transaction(market.engine) as session:
        assert verify(session) == []


def look(served: Served) -> Decimal:
    """What the balance adds up to; the statement must add up to itself."""
    path = "/v1/creators/d3/statement?from=2026-11-01&to=2026-11-30"
    shown = served.call("finance", "GET", path).json
    opening, closing = (Decimal(shown[name]["amount"]) for name in ("opening", "closing"))
    assert opening + sum(Decimal(line["amount"]["amount"]) for line in shown["lines"]) == closing
    assert closing % 100 == 0
    [pot] = served.call("finance", "GET", "/v1/creators/d3/balance").json["balances"]
    return Decimal(pot["available"]) + Decimal(pot["in_transit"]) + Decimal(pot["pending"])


def test_versions_drafted_at_once_get_numbers_of_their_own(market: Market, served: Served) -> None:
    body = REQUESTS["POST /programs/<id>/versions"].json
    sent = at_once(16, lambda _: served.call("operator", "POST", "/v1/programs/prog/versions", body))
    assert sorted(each.json["number"] for each in sent) == list(range(5, 21))
