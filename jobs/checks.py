"""Every check of this release, in one list."""

from functools import partial

from attribution.checks import tally_check
from bounties.checks import CHECKS as BOUNTIES
from core.settings import Settings
from ledger.check import Check
from ledger.check_seals import check_seals
from ledger.keyring import trusted_keys
from ledger.seal_chain import Head
from ledger.verify import CHECKS as LEDGER
from payouts.checks import CHECKS as PAYOUTS
from rewards.checks import CHECKS as REWARDS

CHECKS: tuple[Check, ...] = (*LEDGER, *REWARDS, *BOUNTIES, *PAYOUTS)


def all_checks(settings: Settings, head: Head | None = None) -> tuple[Check, ...]:
    """With the seals, which are proved by the keys that this installation keeps. `head`: one written down outside.

    Raises:
        Invalid: `bad_seal_key`.
    """
    find = partial(check_seals, trusted=trusted_keys(settings), head=head)
    return (
        *CHECKS,
        tally_check(settings),
        Check("seals", "every entry is as it was sealed, and the chain of seals is whole", find=find),
    )
