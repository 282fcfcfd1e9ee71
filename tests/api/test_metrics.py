"""What Prometheus reads: figures of the moment, of nobody, and an answer when the database is gone."""

from dataclasses import replace

from api_market import Market
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from api.runtime import Runtime, install
from core.database import transaction
from ledger.finding import Finding
from ledger.findings import record_run

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(market: Market) -> Figures:
    answer = market.call.app.test_client().get("/metrics")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_figures_follow_the_service(market: Market) -> None:
    before = scrape(market)
    clamped = ("kopeck_ledger_findings_open", (("check", "reward_clamped"), ("halts", "false")))
    assert before["kopeck_up", ()] == 1 and before["kopeck_ledger_halted", ()] == 0
    assert before[clamped] == 2
    states = {
        labels[0][1]: value for (name, labels), value in before.items() if name == "kopeck_payouts_unfinished"
    }
    assert states == {"reserved": 3, "held": 1, "sent": 2, "sending": 0, "unknown": 1}
    assert before["kopeck_events_backlog_batches", ()] == 0
    assert ("kopeck_scheduler_tick_age_seconds", ()) not in before

    with transaction(market.engine) as session:
        record_run(
            session, [], [Finding("entry_unbalanced", "entry 1", "x")], market.clock.now, market.clock.now
        )
        session.execute(text("INSERT INTO scheduler (name, holder) VALUES ('main', 'test')"))
    market.clock.pass_time(seconds=90)
    after = scrape(market)
    assert after["kopeck_ledger_halted", ()] == 1
    assert after["kopeck_ledger_verify_age_seconds", ()] == 90
    assert after["kopeck_ledger_findings_open", (("check", "entry_unbalanced"), ("halts", "true"))] == 1
    assert 0 <= after["kopeck_scheduler_tick_age_seconds", ()] < 60


def test_entries_wait_for_their_seal(market: Market) -> None:
    waiting = scrape(market)["kopeck_ledger_unsealed_entries", ()]
    market.earn("c1", "1.00")
    after = scrape(market)
    assert after["kopeck_ledger_unsealed_entries", ()] == waiting + 1
    assert after["kopeck_ledger_unsealed_age_seconds", ()] >= 0


def test_funds_are_what_the_books_say(market: Market) -> None:
    found = scrape(market)
    line, fund = (
        (("currency", "RUB"), ("fund", "main"), ("line", "m")),
        (("currency", "RUB"), ("fund", "main")),
    )
    assert found["kopeck_fund_line_balance", line] == 101
    assert found["kopeck_fund_line_spent_ratio", line] == 0
    body = {"creator": "c1", "amount": {"amount": "25.25", "currency": "RUB"}, "reason": "prize"}
    market.call.ok("operator", "POST", "/v1/funds/main/lines/m/grants", body)
    assert scrape(market)["kopeck_fund_line_balance", line] == 75.75
    assert scrape(market)["kopeck_fund_line_spent_ratio", line] == 0.25
    shown = market.call.ok("auditor", "GET", "/v1/funds/main")
    assert found["kopeck_fund_unallocated", fund] == float(shown["unallocated"])


def test_nobody_is_named(market: Market) -> None:
    labels = {name for _, pairs in scrape(market) for name, _ in pairs}
    assert labels <= {"check", "halts", "state", "fund", "line", "currency"}
    shown = market.call.app.test_client().get("/metrics").text
    assert not any(f'"{name}"' in shown for name in ("c1", "s1", "p1", "d1", "Fyodor"))


def test_a_database_that_is_gone_is_a_figure(market: Market) -> None:
    gone = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 2})
    install(market.call.app, Runtime(gone, market.settings, market.vault, now=market.clock))
    assert scrape(replace(market, engine=gone)) == {("kopeck_up", ()): 0}
