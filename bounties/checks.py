"""What must hold between bounties, their claims and the books. Each sum is made twice: of our rows, and of entries by kind."""

from ledger.check import Check

CHECKS: tuple[Check, ...] = (
    Check("bounty_escrow_wrong", "escrow holds what was funded, less released, less returned", "bounties"),
    Check("bounty_claims_wrong", "a bounty's money and slots are what its claims say", "bounties"),
    Check("bounty_paid_wrong", "creators and fees were paid what the claims say", "bounties"),
    Check("bounty_seller_wrong", "sellers gave to and got from escrow what the bounties say", "bounties"),
    Check("withdrawal_wrong", "a seller's money in transit is its open withdrawals", "bounties"),
)
