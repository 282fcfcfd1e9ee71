"""What must hold between funds, rewards and the books. Each sum is made twice: of our rows, and of entries by kind.

Entries of the kinds `adjustment` and `reversal` are a person's and stand in no row of ours; they explain what they moved.
"""

from ledger.check import Check

CHECKS: tuple[Check, ...] = (
    Check("deposit_wrong", "every deposit has its entry, and every such entry its deposit", "rewards"),
    Check(
        "fund_unallocated_wrong", "unallocated is deposited, less allocated, with what came back", "rewards"
    ),
    Check(
        "fund_line_wrong",
        "a line holds what it was allocated and what transfers brought, less its rewards and grants",
        "rewards",
    ),
    Check("transfer_wrong", "every transfer that was approved has its entry, and no other", "rewards"),
    Check("grant_wrong", "every grant that was made has its entry, and no other", "rewards"),
    Check("seller_deposit_wrong", "every seller's deposit has its entry, and no other", "rewards"),
    Check("seller_balance_wrong", "a seller has what it deposited, less the rewards that it pays", "rewards"),
    Check("reward_misplaced", "every reward belongs to its target", "rewards"),
    Check("reward_posted_wrong", "a target's posted is the sum of its rewards", "rewards"),
    Check("reward_accrued_wrong", "an accrual's postings are its rewards", "rewards"),
    Check("reward_released_wrong", "a release's postings are its rewards", "rewards"),
    Check("creator_pending_wrong", "pending is the sum of the rewards that were not released", "rewards"),
    Check("reward_clamped", "no formula gave a result that had to be clamped", "rewards", halts=False),
)
