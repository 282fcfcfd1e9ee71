"""The life of payouts in money; `World` proves the books after every step."""

from datetime import date

import pytest
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.errors import NotFound
from core.money import Money
from ledger import accounts
from ledger.statement import statement
from payouts.approve import approve_run
from payouts.cancel import cancel_payout, cancel_run
from payouts.draft import draft_chunk
from payouts.hold import hold_payout, release_payout
from payouts.payee import hold_payee, release_payee
from payouts.read import get_payout, get_run, list_payouts, list_runs, paid_out, payable
from payouts.request import request_run
from payouts.send import send_manual
from payouts.settings import put_settings
from payouts.settle import settle

RUB = {"currency": "RUB", "provider": "manual", "until": None, "creators": None, "person": "anna"}


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def test_from_available_to_the_bank_and_back(world: World) -> None:
    world.creator("c1", "1250.0345")
    world.creator("c2", "300.00")
    world.creator("c3", "70.00")
    assert world.do(payable, "c1", "RUB", world.now) == rub("1250.03")

    run = world.request()
    assert (run.state, run.payout_count) == ("drafting", 0)
    run = world.draft()
    assert run and (run.state, run.payout_count, run.total) == ("draft", 3, rub("1620.03"))
    assert world.pots("c1") == ("0.0045", "1250.03", "0.00")
    assert world.do(payable, "c1", "RUB", world.now) == rub("0.00")
    assert world.refused(approve_run, run.id, "anna", world.now) == "own_draft"

    assert world.do(approve_run, run.id, "boris", world.now).state == "approved"
    assert world.refused(approve_run, run.id, "carla", world.now) == "run_not_draft"
    sent = world.do(send_manual, world.now)
    assert (sent.run.state, sent.sent, sent.held) == ("sending", 3, 0)
    assert world.do(send_manual, world.now) is None
    assert world.refused(cancel_run, run.id, "anna", world.now) == "run_not_cancellable"

    one, two, three = world.payouts(run)
    assert world.do(settle, one.id, "paid", "pp-1", "anna", world.now).state == "paid"
    assert world.pots("c1") == ("0.0045", "0.00", "1250.03")
    assert world.do(settle, two.id, "failed", "pp-2", "anna", world.now).state == "failed"
    assert world.pots("c2") == ("300.00", "0.00", "1250.03")
    assert world.do(get_run, run.id).state == "sending"
    world.do(settle, three.id, "paid", "pp-3", "anna", world.now)
    assert world.do(get_run, run.id).state == "done"
    assert world.do(paid_out, "c3") == {"RUB": rub("70.00")}

    world.do(settle, three.id, "returned", "ret-3", "anna", world.now)
    assert world.pots("c3") == ("70.00", "0.00", "1250.03")
    assert world.do(paid_out, "c3") == {}
    again = world.sent()
    assert [payout.creator for payout in world.payouts(again)] == ["c2", "c3"]
    assert [found.id for found in world.do(list_runs)] == [again.id, run.id]


def test_the_same_settlement_once_more_is_answered_and_any_other_refused(world: World) -> None:
    world.creator("c1", "10.00")
    [payout] = world.payouts(world.sent())
    assert world.refused(settle, payout.id, "returned", "r", "anna", world.now) == "payout_not_paid"
    first = world.do(settle, payout.id, "paid", "pp-1", "anna", world.now)
    assert world.do(settle, payout.id, "paid", "pp-1", "boris", world.now) == first
    assert world.refused(settle, payout.id, "paid", "pp-2", "anna", world.now) == "payout_not_sent"
    assert world.refused(settle, payout.id, "failed", "pp-1", "anna", world.now) == "payout_not_sent"
    world.do(settle, payout.id, "returned", "ret-1", "anna", world.now)
    assert world.refused(settle, payout.id, "paid", "pp-1", "anna", world.now) == "payout_not_sent"
    assert world.pots("c1") == ("10.00", "0.00", "0.00")


@pytest.mark.parametrize("reference", ["", "x" * 141, "a\nb", "\x00"])
def test_a_reference_is_a_line_of_text(world: World, reference: str) -> None:
    world.creator("c1", "10.00")
    [payout] = world.payouts(world.sent())
    assert world.refused(settle, payout.id, "paid", reference, "anna", world.now) == "bad_reference"


def test_what_is_not_sent_cannot_be_settled(world: World) -> None:
    """A cancelled, held or already paid payout cannot be triggered (P15)."""
    for name in ("c1", "c2", "c3"):
        world.creator(name, "10.00")
    run = world.drafted()
    one, two, three = world.payouts(run)
    world.do(cancel_payout, one.id, "anna", world.now)
    world.do(hold_payout, two.id, "ask the creator", "anna")
    for payout in (one, two, three):
        assert world.refused(settle, payout.id, "paid", "pp", "anna", world.now) == "payout_not_sent"
    world.do(approve_run, run.id, "boris", world.now)
    assert world.do(send_manual, world.now).sent == 1
    world.do(settle, three.id, "paid", "pp", "anna", world.now)
    for verb in (cancel_payout, lambda *a: hold_payout(*a[:2], "why", a[2])):
        assert world.refused(verb, three.id, "anna", world.now) == "payout_not_reserved"
    assert world.refused(release_payout, three.id, "anna") == "payout_not_held"
    assert [payout.state for payout in world.payouts(run)] == ["cancelled", "held", "paid"]


def test_a_cancelled_payout_does_not_block_the_next(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "20.00")
    run = world.drafted()
    one, two = world.payouts(run)
    world.do(cancel_payout, one.id, "anna", world.now)
    assert world.pots("c1") == ("10.00", "0.00", "0.00")
    left = world.do(get_run, run.id)
    assert (left.state, left.payout_count, left.total) == ("draft", 1, rub("20.00"))
    assert world.refused(cancel_payout, one.id, "anna", world.now) == "payout_not_reserved"
    assert [payout.creator for payout in world.payouts(world.drafted())] == ["c1"]
    world.do(cancel_payout, two.id, "anna", world.now)
    assert world.do(get_run, run.id).state == "cancelled"


def test_a_cancelled_run_gives_all_back_and_the_next_takes_it(world: World) -> None:
    world.creator("c1", "10.005")
    world.creator("c2", "20.00")
    run = world.drafted()
    world.do(hold_payout, world.payouts(run)[0].id, "why", "anna")
    world.do(approve_run, run.id, "boris", world.now)
    cancelled = world.do(cancel_run, run.id, "carla", world.now)
    assert (cancelled.state, cancelled.payout_count, cancelled.cancelled_by) == ("cancelled", 0, "carla")
    assert world.pots("c1") == ("10.005", "0.00", "0.00")
    assert {payout.state for payout in world.payouts(run)} == {"cancelled"}
    assert world.refused(cancel_run, run.id, "carla", world.now) == "run_not_cancellable"
    assert world.do(send_manual, world.now) is None
    assert world.drafted().total == rub("30.00")


def test_a_run_is_cancelled_while_it_is_drafted(world: World) -> None:
    world.many(25)
    run = world.request()
    world.do(cancel_run, run.id, "anna", world.now)
    assert world.draft() is None
    run = world.request()
    assert world.do(draft_chunk, world.now, 10).run.state == "drafting"
    world.do(cancel_run, run.id, "anna", world.now)
    assert world.draft() is None
    assert world.pots("m000001") == ("12.345678", "0.00", "0.00")


def test_minor_units_leave_and_the_rest_stays(world: World) -> None:
    world.creator("c1", "1.0345")
    world.creator("c2", "0.9999")
    world.earn("c1", "100.9", "JPY")
    run = world.drafted()
    assert [(payout.creator, payout.amount.amount) for payout in world.payouts(run)] == [("c1", "1.03")]
    assert world.pots("c1") == ("0.0045", "1.03", "0.00")
    world.earn("c1", "0.0055")
    world.request(currency="JPY")
    yen = world.draft()
    assert yen and yen.total == Money.parse("100", "JPY")
    assert world.pots("c1", "JPY") == ("0.9", "100", "0")


def test_the_minimum_is_a_setting(world: World) -> None:
    world.creator("c1", "49.999999")
    world.creator("c2", "50.00")
    new = {"schedule": "manual", "minimum": rub("50.00"), "provider": "manual", "approval_limit": None}
    world.do(put_settings, "RUB", **new, now=world.now)
    assert [payout.creator for payout in world.payouts(world.drafted())] == ["c2"]
    assert world.refused(request_run, **RUB, now=world.now) == "nothing_payable"


def test_only_what_was_released_until_a_day(world: World) -> None:
    world.creator("c1")
    world.earn("c1", "10.00", day=date(2026, 10, 31))
    world.earn("c1", "5.00", day=date(2026, 11, 1))
    assert world.drafted(until=date(2026, 10, 31)).total == rub("10.00")
    assert world.pots("c1") == ("5.00", "10.00", "0.00")


def test_a_reversal_after_the_payout_lowers_the_next(world: World) -> None:
    """Available goes below zero and is made good by what comes; nothing is edited (L18)."""
    world.creator("c1", "100.00")
    [payout] = world.payouts(world.sent())
    world.do(settle, payout.id, "paid", "pp-1", "anna", world.now)
    world.earn("c1", "-30.00")
    assert world.pots("c1") == ("-30.00", "0.00", "100.00")
    assert world.refused(request_run, **RUB, now=world.now) == "nothing_payable"
    world.earn("c1", "80.00")
    [reduced] = world.payouts(world.drafted())
    assert reduced.amount == rub("50.00")
    with transaction(world.engine) as session:
        shown = statement(
            session, [accounts.creator("c1", "available")], "RUB", date(2026, 1, 1), date(2026, 12, 31)
        )
    assert [line.amount.amount for line in shown.lines] == ["100.00", "-100.00", "-30.00", "80.00", "-50.00"]


def test_who_is_not_paid(world: World) -> None:
    world.creator("active", "10.00")
    world.creator("held", "10.00")
    world.creator("suspended", "10.00")
    world.creator("unverified", "10.00", verified=False)
    with transaction(world.engine) as session:
        session.execute(text("INSERT INTO creator (id, name) VALUES ('payeeless', 'x')"))
        session.execute(text("UPDATE creator SET status = 'suspended' WHERE id = 'suspended'"))
    world.earn("payeeless", "10.00")
    world.do(hold_payee, "held", "papers are missing", "anna")
    assert [payout.creator for payout in world.payouts(world.drafted())] == ["active"]
    assert world.refused(request_run, **RUB, now=world.now) == "nothing_payable"
    world.do(release_payee, "held", "anna")
    assert world.do(payable, "held", "RUB", world.now) == rub("10.00")


def test_a_run_for_some_creators(world: World) -> None:
    for name in ("c1", "c2", "c3"):
        world.creator(name, "10.00")
    assert [payout.creator for payout in world.payouts(world.drafted(["c3", "c1", "c3"]))] == ["c1", "c3"]
    for names in (["c1", "nobody"], []):
        assert world.refused(request_run, **RUB | {"creators": names}, now=world.now) == "unknown_creator"
    assert world.refused(request_run, **RUB | {"creators": ["c1"]}, now=world.now) == "nothing_payable"
    assert world.refused(request_run, **RUB | {"provider": "x"}, now=world.now) == "unknown_provider"
    assert world.refused(request_run, **RUB | {"currency": "XXY"}, now=world.now) == "unknown_currency"


def test_one_run_of_a_currency_is_drafted_at_a_time(world: World) -> None:
    world.creator("c1", "10.00")
    world.earn("c1", "10.00", "USD")
    world.request()
    assert world.refused(request_run, **RUB, now=world.now) == "run_in_progress"
    world.request(currency="USD")
    world.draft()
    assert world.pots("c1") == ("0.00", "10.00", "0.00")
    assert world.pots("c1", "USD") == ("0.00", "10.00", "0.00")


def test_a_run_that_finds_nothing_any_more_is_cancelled(world: World) -> None:
    world.creator("c1", "10.00")
    world.request()
    world.earn("c1", "-9.50")
    run = world.draft()
    assert run and (run.state, run.payout_count) == ("cancelled", 0)


def test_a_held_payout_waits_and_goes_later(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "10.00")
    run = world.drafted()
    one, two = world.payouts(run)
    world.do(hold_payout, one.id, "looks odd", "anna")
    assert world.refused(hold_payout, one.id, "again", "anna") == "payout_not_reserved"
    world.do(approve_run, run.id, "boris", world.now)
    world.do(send_manual, world.now)
    world.do(settle, two.id, "paid", "pp-2", "anna", world.now)
    assert world.do(get_run, run.id).state == "sending"
    world.do(release_payout, one.id, "anna")
    assert world.do(send_manual, world.now).sent == 1
    world.do(settle, one.id, "paid", "pp-1", "anna", world.now)
    assert world.do(get_run, run.id).state == "done"


def test_an_id_with_a_forged_time_is_unknown(world: World) -> None:
    world.creator("c1", "10.00")
    run = world.drafted()
    [payout] = world.payouts(run)
    for verb, good in ((get_run, run.id), (get_payout, payout.id)):
        head, tail = good.split("_")
        for bad in (f"{head}_{'0' if tail[0] != '0' else '1'}{tail[1:]}", f"xx_{tail}", "", good.upper()):
            with pytest.raises(NotFound), transaction(world.engine) as session:
                verb(session, bad)


def test_lists_go_on_where_they_ended(world: World) -> None:
    world.many(7)
    run = world.drafted()
    with transaction(world.engine) as session:
        first = list_payouts(session, run=run.id, state="reserved", limit=4)
        rest = list_payouts(session, run=run.id, limit=4, after=first[-1].id)
        assert [payout.creator for payout in first + rest] == [f"m{i:06d}" for i in range(7, 0, -1)]
        assert [payout.creator for payout in list_payouts(session, creator="m000003")] == ["m000003"]
        assert list_runs(session, state="done") == []
    assert world.refused(list_payouts, after=run.id) == "bad_cursor"
