"""The end: nothing goes wrong any more, everybody does what is theirs, until all is quiet; then all must be explained."""

from datetime import timedelta
from typing import Any

from bank_world import PAYER
from sim_bank import executed, file_made, settled
from sim_finance import looked_into, open_findings
from sim_people import payouts, public, receipts
from sim_proofs import GONE, prove, prove_alarmed
from sim_trouble import cured
from sim_workers import delivered, run
from sim_world import World
from tax_world import tax_on

from core.ids import public_id
from jobs import draft_payouts, look_up, reconcile, send_payouts, send_stripe, stripe_events, stripe_poll
from payouts.approve import approve_run
from payouts.bank.import_statement import import_statement
from payouts.cancel import cancel_run

ROUNDS = 80
# What is left to do; all of it must come to nothing.
_LEFT = """
    SELECT count(*) FILTER (WHERE state = 'drafting') AS drafting, count(*) FILTER (WHERE state = 'draft') AS drafts,
        count(*) FILTER (WHERE provider = 'bank' AND state = 'approved') AS bank_runs,
        count(*) FILTER (WHERE provider = 'manual' AND state IN ('approved', 'sending')) AS manual_runs,
        count(*) FILTER (WHERE provider = 'stripe' AND state IN ('approved', 'sending')) AS runs,
        (SELECT count(*) FROM payout WHERE state IN ('reserved', 'sending', 'unknown', 'sent')) AS payouts,
        (SELECT count(*) FROM payout_attempt WHERE state = 'ready') AS ready,
        (SELECT count(*) FROM payout_attempt WHERE state IN ('claimed', 'unknown')) AS doubtful,
        (SELECT count(*) FROM reversal WHERE state IN ('asked', 'unknown')) AS reversals,
        (SELECT count(*) FROM provider_event WHERE state = 'new') AS events,
        (SELECT count(*) FROM difference WHERE resolved_at IS NULL) AS findings
    FROM payout_run
"""


def finish(world: World) -> None:
    """Raises:
    AssertionError: something does not end, or ends wrong.
    """
    cured(world)
    delivered(world, world.stripe.events)
    quiet = 0
    for place in range(ROUNDS):
        _round(world, place)
        world.met["rounds at the end"] += 1
        [left] = world.rows(_LEFT)
        held = left.drafting + left.drafts + left.bank_runs + left.payouts + left.ready + left.doubtful
        quiet = quiet + 1 if held + left.reversals + left.events + left.findings == 0 else 0
        if quiet == 2:
            break
    receipts(world)
    assert quiet == 2, f"it does not end: {left}, findings {open_findings(world)}, payouts {_open(world)}"
    prove(world, heavy=True)
    prove_alarmed(world)
    _all_final(world)
    _all_agrees(world)
    _tax_is_right(world)


def _round(world: World, place: int) -> None:
    """What a quiet day's staff does, and the jobs that have something to do; later, beyond every pause."""
    [left] = world.rows(_LEFT)
    if left.drafts:
        _approve_all(world)
    if left.bank_runs:
        _make_files(world)
    if world.bank.orders or place == 0:
        executed(world, calm=True)
        body = world.bank.statement(0, len(world.bank.lines)) if world.bank.lines else b""
        if body:
            world.ask(import_statement, world.vault, PAYER, body, "dora", world.now)
    often = place % 4 == 0
    for job, due in (
        (draft_payouts, left.drafting),
        (send_payouts, left.manual_runs),
        (send_stripe, left.runs + left.ready),
        (look_up, left.doubtful + left.reversals),
        (stripe_poll, often),
        (stripe_events, often or left.events),
        (reconcile, often or left.findings),
    ):
        if due:
            run(world, job.JOB, calm=True)
    settled(world)
    looked_into(world, 1.0)
    world.jump(timedelta(minutes=world.random.choice([2, 20, 90, 400])))


def _approve_all(world: World) -> None:
    for row in world.rows("SELECT id, created_at FROM payout_run WHERE state = 'draft'"):
        id = public_id("run", row.id, row.created_at)
        for person in ("boris", "carla", "dora", "anna"):
            world.ask(approve_run, id, person, world.now)
        if world.rows("SELECT 1 FROM payout_run WHERE id = :id AND state = 'draft'", id=row.id):
            world.ask(cancel_run, id, "anna", world.now)


def _make_files(world: World) -> None:
    told = file_made(world)
    if world.said == "nothing_to_send":
        [row] = world.rows("SELECT id, created_at FROM payout_run WHERE id = :id", id=int(told.split()[1]))
        world.ask(cancel_run, public_id("run", row.id, row.created_at), "anna", world.now)


def _open(world: World) -> list[Any]:
    return [
        (row.id, row.run_id, row.provider, row.currency, row.state, row.hold_reason)
        for row in payouts(world, "u.state NOT IN ('paid', 'failed', 'returned', 'cancelled')")
    ]


def _all_final(world: World) -> None:
    for row in payouts(world):
        ended = row.state in ("paid", "held", *GONE)
        assert ended, f"payout {row.id} is {row.state} at the end"
        assert row.state != "held" or row.hold_reason, f"payout {row.id} is held for nothing"
    left = world.rows("SELECT id, state, code, detail, next_at FROM payout_attempt WHERE ended_at IS NULL")
    assert not left, f"attempts at the end: {left}"
    left = world.rows("SELECT id, state, detail, next_at FROM reversal WHERE state IN ('asked', 'unknown')")
    assert not left, f"reversals at the end: {left}"
    left = world.rows(
        "SELECT id, event, type, state, note FROM provider_event WHERE state IN ('new', 'failed')"
    )
    assert not left, f"events at the end: {left}"
    left = world.rows("SELECT id, state FROM payout_run WHERE state NOT IN ('done', 'cancelled', 'sending')")
    assert not left, f"runs at the end: {left}"
    left = open_findings(world)
    assert not left, f"findings at the end: {left}"


def _all_agrees(world: World) -> None:
    """Now that everything is known, Stripe's and the bank's sums are ours."""
    for _ in range(2):  # the first may credit what no event told of; then nothing is left
        world.jump(timedelta(hours=1))
        _, failed = reconcile.reconcile_now(world.context())
        assert failed is None, f"the last reconciliation failed: {failed}"
        looked_into(world, 1.0)
    assert not open_findings(world), f"findings at the end: {open_findings(world)}"
    there = {each["transfer_group"]: each for each in world.stripe.transfers}
    for row in payouts(world, "r.provider = 'stripe' AND u.state IN ('paid', 'returned')"):
        seen = there[public(row)]
        assert seen["amount_reversed"] * 10_000 == row.reversed, (
            f"payout {row.id}: {row.reversed}, there {seen}"
        )
    figures = world.rows(
        "SELECT * FROM reconciliation WHERE at = (SELECT max(at) FROM reconciliation) AND currency <> 'XXX'"
    )
    for row in figures:
        assert row.complete and (row.currency == "RUB" or row.ledger == row.provider), (
            f"figures differ: {row}"
        )
    bank = world.rows(
        "SELECT b.balance FROM balance b JOIN account a ON a.id = b.account_id WHERE a.code = 'assets:bank:bank:RUB'"
    )
    ours, theirs = (bank[0].balance if bank else 0), world.bank.balance() * 10_000
    assert ours == theirs, f"the bank has {theirs}, we think {ours}"


def _tax_is_right(world: World) -> None:
    """What was withheld is what a person computes from the payouts before it; without returns, from their sum."""
    taxed = [row for row in payouts(world, "u.tax_kind = 'ndfl'")]
    for row in taxed:
        before = [each for each in taxed if _counts(each, row)]
        base, tax = sum(each.amount + each.tax for each in before), sum(each.tax for each in before)
        right = max(tax_on(base + row.amount + row.tax) - tax, 0)
        assert row.tax == right, (
            f"payout {row.id} of {row.amount + row.tax} after {base}: tax {row.tax}, not {right}"
        )
    for last in {(row.creator, row.created_at.year): row for row in taxed if row.state not in GONE}.values():
        mine = [each for each in taxed if _counts(each, last) or each.id == last.id]
        if all(each.state not in GONE for each in mine):
            base, tax = sum(each.amount + each.tax for each in mine), sum(each.tax for each in mine)
            assert tax == max(tax_on(base), max(tax - last.tax, 0)), f"{last.creator}: {tax} of {base}"


def _counts(each: Any, later: Any) -> bool:
    """Was it, when the later one was reserved, a payout of the same creator and year that had not come to nothing?"""
    same = (each.creator, each.currency, each.created_at.year) == (
        later.creator,
        later.currency,
        later.created_at.year,
    )
    return same and each.id < later.id and not (each.state in GONE and each.settled_at <= later.created_at)
