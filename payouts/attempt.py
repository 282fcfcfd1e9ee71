"""One try of one payout at a provider, as a worker carries it from its claim to its record.

States of an attempt: `ready` (certainly not executed, may be called), `claimed` (a worker has it until its lease ends),
`unknown` (perhaps executed: it is looked up before anything else), and the ends `confirmed`, `rejected` (its key would
answer the refusal for ever, so a successor has a new one) and `withdrawn` (never executed, and not wanted any more).
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.money import Money

LEASE = timedelta(seconds=60)
BEGIN_WITHIN = 40.0  # seconds from the claim; with the timeouts of a call it ends before the lease does
SEND_AGAIN_FOR = timedelta(hours=20)  # the provider forgets keys after 24 hours
LOOK_LATER = timedelta(hours=1)  # how often what a person must decide is still looked up
# What no repeat of the call can mend; it is only looked up until a person decides.
STUCK = ("twice_there", "differs", "idempotency_error")
NOT_FOUND = "not_found"  # what a look says that found nothing


Unsendable = Literal["key_too_old", "stuck", "stopped", "payee"]


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed attempt. `fence`: which claim it is; a record under another one is refused.

    `fresh`: nothing was ever executed under its key. `look_first`: ask the provider before sending. `unsendable`:
    why it is only looked up (the key is too old, a person must decide, sending is stopped, the payee is held or no longer
    as it was approved); None: it may be sent. `begin_by`: no call may begin after it (`time.time()`), because another
    worker may have the attempt by then.
    """

    attempt: int
    number: int
    fence: int
    calls: int
    key: str
    run_key: int
    payout_key: int
    payout: str
    account: str
    money: Money
    fresh: bool
    look_first: bool
    unsendable: Unsendable | None
    begin_by: float


def pause(tries: int, first: float, most: float) -> timedelta:
    """Twice as long after each try, up to `most` seconds, and by chance up to half shorter, so that many spread out."""
    seconds = min(first * 2.0 ** min(tries - 1, 20), most)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))


def too_old(first_sent_at: datetime | None, now: datetime) -> bool:
    """May the provider soon have forgotten the key?"""
    return first_sent_at is not None and now - first_sent_at >= SEND_AGAIN_FOR
