"""Ask Stripe whether a payout was executed: its transfers carry the payout's id as their group."""

from collections.abc import Mapping
from typing import Any

from stripe import StripeClient

from payouts.attempt import Work
from payouts.stripe.outcome import Outcome, outcome_of
from payouts.stripe.plain import id_of, plain
from payouts.stripe.units import to_units


def look_up(client: StripeClient, work: Work) -> Outcome | None:
    """What stands at Stripe of a payout; None when nothing does.

    `confirmed` when exactly one transfer stands, or one besides such that were taken back whole. Two that stand, or one
    of another amount or to another account, are `mismatch`. A look that failed says nothing of the payout: never
    `rejected`.
    """
    try:
        listed = plain(client.v1.transfers.list({"transfer_group": work.payout, "limit": 100}))
    except Exception as error:
        failed = outcome_of(error)
        kind = failed.kind if failed.kind in ("later", "stopped") else "unknown"
        return Outcome(kind, failed.code, failed.detail)
    rows = listed.get("data")
    if listed.get("object") != "list" or not isinstance(rows, list):
        return Outcome("unknown", "unreadable", "Stripe's list of transfers cannot be read.")
    if not rows:
        return None
    standing = [row for row in rows if not row.get("reversed")] or rows
    if len(standing) > 1:
        ids = ", ".join(sorted(id_of(row) for row in standing))
        return Outcome("mismatch", "twice_there", f"Stripe has several transfers of this payout: {ids}")
    return outcome_of_transfer(standing[0], work)


def outcome_of_transfer(row: Mapping[str, Any], work: Work) -> Outcome:
    """`confirmed`, if a transfer is the one that the attempt means; otherwise `mismatch`."""
    if row.get("object") != "transfer" or not id_of(row).startswith("tr_"):
        return Outcome("unknown", "unreadable", "Stripe's answer is no transfer.")
    meant = (to_units(work.money), work.money.currency.lower(), work.account, work.payout)
    seen = (row.get("amount"), row.get("currency"), id_of(row.get("destination")), row.get("transfer_group"))
    if seen != meant:
        detail = (
            f"{id_of(row)} is {seen[0]} {seen[1]} to {seen[2]}, meant was {meant[0]} {meant[1]} to {meant[2]}"
        )
        return Outcome("mismatch", "differs", detail)
    taken_back = row.get("amount_reversed")
    return Outcome(
        "confirmed", reference=id_of(row), reversed=taken_back if isinstance(taken_back, int) else 0
    )
