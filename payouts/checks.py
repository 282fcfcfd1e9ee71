"""What must hold between payouts and the books."""

from ledger.check import Check

CHECKS: tuple[Check, ...] = (
    Check("payout_reserved_wrong", "every payout was reserved by its entry", "payouts"),
    Check("payout_transit_wrong", "in transit is the sum of the payouts that are not settled", "payouts"),
    Check("payout_settled_wrong", "every settled payout has its entry, and no other", "payouts"),
    Check("payout_run_wrong", "a run's count and total are those of its payouts", "payouts"),
)
