"""INV: what must hold after every step, whatever happened."""

from typing import Any

from sim_finance import POSSIBLE, open_findings
from sim_people import payouts, public
from sim_world import World

from core.database import transaction
from jobs.checks import CHECKS
from ledger.verify import run_checks

GONE = ("failed", "returned", "cancelled")
_ENTRIES = """
    SELECT a.currency, p.entry_id, sum(p.amount) AS off FROM posting p JOIN account a ON a.id = p.account_id
    GROUP BY a.currency, p.entry_id HAVING sum(p.amount) <> 0
"""
_STORED = """
    SELECT a.code, a.currency, b.balance, coalesce(p.sum, 0) AS sum FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (SELECT account_id, sum(amount) AS sum FROM posting GROUP BY account_id) p ON p.account_id = a.id
"""


def prove(world: World, heavy: bool) -> None:
    """Raises:
    AssertionError: with what is wrong.
    """
    wrong = world.rows(_ENTRIES)
    assert not wrong, f"entries do not sum to zero: {wrong}"
    stored = {(row.code, row.currency): row for row in world.rows(_STORED)}
    for row in stored.values():
        assert row.balance == row.sum, f"{row.code} says {row.balance}, its postings {row.sum}"
    rows = payouts(world)
    _sent_once(world, rows)
    _nothing_lost(world, rows, {key: -row.balance for key, row in stored.items()})
    strange = [row for row in open_findings(world) if row.kind not in POSSIBLE]
    assert not strange, f"findings that nothing here explains: {strange}"
    if heavy:
        with transaction(world.database.first) as session:
            found = run_checks(session, CHECKS)
        assert not found, f"checks: {found}"


def _sent_once(world: World, rows: list[Any]) -> None:
    """What stands at Stripe of each payout is what its state says."""
    there: dict[str, list[dict[str, Any]]] = {}
    for each in world.stripe.transfers:
        there.setdefault(each["transfer_group"], []).append(each)
    for row in rows:
        found = there.pop(public(row), [])
        name = f"payout {row.id} {row.state}"
        assert len(found) <= 1, f"{name} has {len(found)} transfers: {found}"
        if row.provider != "stripe" or row.state in ("reserved", "held", "cancelled", "failed"):
            assert not found, f"{name} stands at Stripe: {found}"
        if row.provider == "stripe" and row.state in ("paid", "returned"):
            assert len(found) == 1, f"{name} does not stand at Stripe"
            seen = found[0]
            assert (seen["id"], seen["amount"] * 10_000) == (row.reference, row.amount), f"{name} is {seen}"
            assert seen["amount_reversed"] * 10_000 >= row.reversed, (
                f"{name} {row.reversed} reversed, there {seen}"
            )
    assert not there, f"transfers of no payout: {there}"
    for transfer in world.stripe.transfers:
        asked = [each["metadata"].get("reversal") for each in transfer.get("_all", [])]
        ours = [each for each in asked if each]
        assert len(ours) == len(set(ours)), f"{transfer['id']} was reversed twice for one asking: {ours}"


def _nothing_lost(world: World, rows: list[Any], owed: dict[tuple[str, str], int]) -> None:
    """What each creator earned is where it must be: available, in transit, paid out, withheld."""
    for (name, currency), earned in world.earned.items():
        mine = [row for row in rows if (row.creator, row.currency) == (name, currency)]
        pots = sum(
            owed.get((f"liabilities:creator:{name}:{pot}", currency), 0)
            for pot in ("available", "in_transit")
        )
        paid = sum(row.amount - row.reversed for row in mine if row.state == "paid")
        tax = sum(row.tax for row in mine if row.state not in GONE)
        assert earned == pots + paid + tax, (
            f"{name} earned {earned}, has {pots}, was paid {paid}, taxed {tax}"
        )


def prove_alarmed(world: World) -> None:
    """After a reconciliation, whatever is unknown beyond its limit has been told of."""
    old = world.rows(
        "SELECT u.id, u.created_at FROM payout u WHERE u.state = 'unknown' AND (SELECT min(first_sent_at)"
        " FROM payout_attempt a WHERE a.payout_id = u.id) < CAST(:now AS timestamptz) - interval '20 hours 1 minute'",
        now=world.now,
    )
    told = {row.subject for row in open_findings(world)}
    silent = [row.id for row in old if public(row) not in told]
    assert not silent, f"payouts {silent} are unknown for long, and nobody is told"
