"""The demo's creators are paid, by Stripe through workers that are killed, and by a 1C file: once, and all books agree."""

import sys
from collections import Counter
from random import Random

import pytest
from bank_world import BIK, CORRESPONDENT, OWN_RU, approved, content, imported, made, ru_account
from payout_processes import Processes, all_payouts, eventually, once_each
from sqlalchemy import text
from stripe_world import StripeWorld

from core import clock
from core.database import transaction
from core.money import Money
from core.settings import load_settings
from kopeck.market import Scale
from kopeck.seed import PEOPLE, seed
from payouts.cancel import cancel_run
from payouts.payee import put_payee, verify_payee
from payouts.read import list_runs
from payouts.store import Run
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.grants import grant
from rewards.lines import create_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kills"),
]
FINANCE = PEOPLE["finance"]
SMALL = Scale(creators=60, sellers=8, products=300, contents=600, events=8_000)


def put(market: StripeWorld, creator: str, number: int) -> None:
    """Every other creator is paid by Stripe, the rest into bank accounts."""
    bank = {
        "name": f"Автор {number}",
        "inn": "500100732259",
        "bik": BIK,
        "account": ru_account(10 + number),
        "correspondent": CORRESPONDENT,
    }
    method = "bank" if number % 2 else "stripe"
    where = bank if number % 2 else {"account": market.stripe.account()}
    with transaction(market.engine) as session:
        put_payee(
            session, market.vault, creator, tax_status="self_employed", method=method, destination=where,
            person=creator, now=market.now,
        )  # fmt: skip
        verify_payee(session, market.vault, creator, FINANCE, market.now)


def dollars(market: StripeWorld, creators: list[str]) -> None:
    """Money that Stripe may send: grants out of a fund in dollars."""
    settings, budget = load_settings({"KOPECK_HOME": "/nowhere"}), Money.parse("100000.00", "USD")
    with transaction(market.engine) as session:
        create_fund(session, "abroad", "Abroad", budget)
        deposit_money(session, "abroad", budget, "1", FINANCE, market.now, settings)
        create_line(session, "abroad", "bonus", "Bonus", budget, "month", True, market.now, settings)
        for number, creator in enumerate(creators):
            amount = Money.parse(f"{10 + number}.{number % 100:02}", "USD")
            grant(session, "abroad", "bonus", creator, amount, "thanks", "Olga", market.now, settings)


def by_stripe(market: StripeWorld, service: Processes, run: Run, rng: Random) -> None:
    """Three workers die, each after some of its calls; a fourth comes to the end."""
    market.stripe.control("set", latency=0.2)
    for _ in range(3):
        dying, done = service.work(), len(market.stripe.transfers())
        more = rng.randrange(2, 7)
        eventually(lambda done=done, more=more: len(market.stripe.transfers()) >= done + more)
        dying.kill()
        dying.wait()
        service.pass_time(130)
    last = service.work()
    service.until(run, paid=run.payout_count)
    last.terminate()
    last.wait(60)


def answer_of(file: bytes) -> bytes:
    """The bank's statement: every payment order of the file was carried out on its day."""
    lines, kopecks, day = [], 0, ""
    for line in file.decode("cp1251").split("\r\n")[11:-2]:
        lines.append(line)
        key, _, value = line.partition("=")
        if key == "Дата":
            day = value
            lines.append(f"ДатаСписано={value}")
        if key == "Сумма":
            kopecks += int(value.replace(".", ""))
    head = [
        *("1CClientBankExchange", "ВерсияФормата=1.03", "Кодировка=Windows", "Получатель=Kopeck"),
        *("СекцияРасчСчет", f"ДатаНачала={day}", f"ДатаКонца={day}", f"РасчСчет={OWN_RU}"),
        *("НачальныйОстаток=0.00", f"КонечныйОстаток=-{kopecks // 100}.{kopecks % 100:02}", "КонецРасчСчет"),
    ]
    return "\r\n".join([*head, *lines, "КонецФайла", ""]).encode("cp1251")


def test_the_demo_is_paid(live: StripeWorld, service: Processes) -> None:
    rng = Random(20261122)
    seed(live.engine, load_settings(service.given), live.vault, SMALL)
    live.now = clock.now()
    with transaction(live.engine) as session:
        [manual] = list_runs(session, state="approved")
        creators = list(session.scalars(text("SELECT id FROM creator ORDER BY id")))
    live.do(cancel_run, manual.id, FINANCE, live.now)
    for number, creator in enumerate(creators):
        put(live, creator, number)
    dollars(live, creators)

    abroad = live.approved()
    by_stripe(live, service, abroad, rng)
    assert abroad.payout_count == len(creators) // 2
    assert once_each(live, abroad)

    at_home = approved(live)
    assert at_home.payout_count > 20
    file = made(live, at_home)
    statement = imported(live, answer_of(content(live, file)))
    assert statement.lines == dict.fromkeys(("returned", "known", "unmatched", "explained"), 0) | {
        "paid": file.payments
    }
    assert Counter(each.state for each in all_payouts(live, at_home)) == {"paid": at_home.payout_count}

    service.kopeck("jobs", "run", "reconcile")
    with transaction(live.engine) as session:
        assert session.scalars(text("SELECT kind FROM difference WHERE resolved_at IS NULL")).all() == []
        latest = text("SELECT currency, ledger, coalesce(provider, 0) + bank AS there FROM reconciliation WHERE at = (SELECT max(at) FROM reconciliation)")  # fmt: skip
        figures = {row.currency: (row.ledger, row.there) for row in session.execute(latest)}
    assert figures == {
        "USD": (abroad.total.micros, abroad.total.micros),
        "RUB": (at_home.total.micros, at_home.total.micros),
    }
    assert " 0 findings" in service.kopeck("ledger", "verify")
