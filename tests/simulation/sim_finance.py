"""What finance does about findings: look where the truth is (Stripe's pages, the bank's) and say it."""

from typing import Any

from sim_people import payouts, public
from sim_world import World

from core.ids import public_id
from ledger import accounts
from payouts.bank.explain import explain_line
from payouts.differences import resolve_difference
from payouts.resolve import resolve
from payouts.settle import settle

# Kinds that end by a person's word alone; of everything else the cause must go away first.
_BY_WORD = ("reversed_unasked", "sent_too_long")
# What the faults of this world can bring about. Any other kind is a payment that went wrong.
POSSIBLE = {
    "unknown_too_old",
    "reversed_unasked",
    "sent_too_long",
    "unmatched_line",
    "key_refused",
    "paid_there_not_here",
    "reversed_there_not_here",
    "paid_here_not_there",
    "statement_balance_differs",
}


def open_findings(world: World) -> list[Any]:
    return world.rows("SELECT * FROM difference WHERE resolved_at IS NULL ORDER BY id")


def looked_into(world: World, part: float = 0.8) -> str:
    """The open findings, one by one."""
    told = []
    for row in open_findings(world):
        if world.chance(part):
            told.append(f"{row.kind} {_decide(world, row)}")
    return "; ".join(told)


def _decide(world: World, row: Any) -> str:
    if row.kind == "unknown_too_old":
        return _say_whether_sent(world, row.subject)
    if row.kind == "unmatched_line":
        return _explain(world, row.subject)
    if row.kind in _BY_WORD:
        id = public_id("dif", row.id, row.found_at)
        world.ask(resolve_difference, id, "looked into", "carla", world.now)
        return world.said
    return "waits"


def _say_whether_sent(world: World, payout: str) -> str:
    there = [each for each in world.stripe.transfers if each["transfer_group"] == payout]
    outcome = "sent" if there else "not_sent"
    world.ask(resolve, payout, outcome, there[0]["id"] if there else None, "seen", world.person(), world.now)
    return f"{outcome} {world.said}"


def _explain(world: World, line: str) -> str:
    """A payment that went out under no mark, or came back before it was known to be out, is settled by hand."""
    [row] = [
        each
        for each in world.rows(
            "SELECT l.*, s.created_at FROM bank_line l JOIN bank_statement s ON s.id = l.statement_id"
        )
        if public_id("line", each.id, each.created_at) == line
    ]
    account = "equity:opening" if row.amount > 0 else "expenses:provider_fees:bank"
    if row.purpose == "vyplata" or "KPK-" in (row.purpose or ""):
        if not _settle_line(world, row):
            return "waits"
        account = accounts.bank("bank", "RUB")
    world.ask(explain_line, line, account, "looked into", "carla", world.now, world.settings)
    return f"{account} {world.said}"


def _settle_line(world: World, line: Any) -> bool:
    """Settle the payout that an unmatched line is of; True when the books have the line's money by that."""
    found = world.rows("SELECT payout_id, end_to_end FROM file_payment")
    number = (line.reference or "").split(" ")[0]
    for each in found:
        marked = each.end_to_end in (line.purpose or "")
        if not marked and not (line.purpose == "vyplata" and each.end_to_end.endswith(f"-{number}")):
            continue
        [row] = payouts(world, f"u.id = {each.payout_id}")
        outcome = "paid" if line.amount < 0 else "returned"
        world.ask(settle, public(row), outcome, f"line {line.id}", "dora", world.now)
        return world.said == "ok"
    return False
