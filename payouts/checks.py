"""What must hold between payouts and the books."""

from ledger.check import Check

CHECKS: tuple[Check, ...] = (
    Check("payout_reserved_wrong", "every payout was reserved by its entry", "payouts"),
    Check("payout_transit_wrong", "in transit is the sum of the payouts that are not settled", "payouts"),
    Check("payout_settled_wrong", "every settled payout has its entry, and no other", "payouts"),
    Check("payout_reversed_wrong", "what providers took back was given back to the creator", "payouts"),
    Check("payout_tax_wrong", "tax accounts hold the tax of the payouts that went out", "payouts"),
    Check("top_up_wrong", "every paid top-up of a seller has its entry, and no other", "payouts"),
    Check(
        "payout_run_wrong",
        "a run's count and total are those of its payouts, each of a known creator",
        "payouts",
    ),
    Check(
        "payment_file_wrong", "a file's count and total are those of the payouts that it owns", "payouts.bank"
    ),
    Check("bank_line_wrong", "every matched line of a statement has its settled payout", "payouts.bank"),
    Check("bank_suspense_wrong", "suspense is what unmatched lines of statements moved", "payouts.bank"),
)
