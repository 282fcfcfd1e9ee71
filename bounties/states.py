"""Every state of a bounty and of a claim, and every way from one to another: the one table that code and docs read.

A verb is what somebody does by the API, or what time does (`who` "time"). Nothing else moves a state.
"""

from dataclasses import dataclass
from typing import Final

from core.errors import Refused


@dataclass(frozen=True, slots=True)
class Move:
    """`verb` by `who` leads from any of `before` to one of `after`."""

    verb: str
    who: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    money: str = ""


BOUNTY: Final = (
    Move("open", "seller", ("draft",), ("open",), "slots x (price + most bonus + fee): seller -> escrow"),
    Move("open", "time", ("draft",), ("open",), "the same, at opens_at"),
    Move("cancel", "seller", ("draft", "open"), ("cancelled",), "all of escrow -> seller"),
    Move("close", "seller", ("open",), ("closed", "settled"), "free slots: escrow -> seller"),
    Move("close", "time", ("open",), ("closed", "settled"), "the same, at the deadline"),
    Move("settle", "time", ("closed",), ("settled",), "nothing: escrow is zero"),
)

CLAIM: Final = (
    Move("claim", "creator", (), ("claimed",)),
    Move("submit", "creator", ("claimed", "changes_requested"), ("submitted",)),
    Move("withdraw", "creator", ("claimed", "submitted", "changes_requested"), ("withdrawn",)),
    Move("expire", "time", ("claimed", "changes_requested"), ("expired",)),
    Move(
        "approve",
        "seller",
        ("submitted",),
        ("approved",),
        "escrow -> creator: price; escrow -> fees: fee; no bonus promised: nothing is left",
    ),
    Move("approve", "time", ("submitted",), ("approved",), "the same, when nobody reviewed in time"),
    Move("request_changes", "seller", ("submitted",), ("changes_requested",)),
    Move("reject", "seller", ("submitted",), ("rejected",)),
    Move("reject", "time", ("submitted",), ("rejected",), "the content is gone when the review time is over"),
    Move("dispute", "creator", ("rejected", "submitted"), ("disputed",)),
    Move(
        "resolve", "operator", ("disputed",), ("approved", "rejected", "split"), "split: a part of the price"
    ),
)

LIVE: Final = ("claimed", "submitted", "changes_requested", "disputed")
FREED: Final = ("withdrawn", "expired")
BOUNTY_STATES: Final = ("draft", "open", "closed", "settled", "cancelled")
CLAIM_STATES: Final = (*LIVE, "approved", "rejected", "split", *FREED)


def require(subject: str, moves: tuple[Move, ...], verb: str, who: str, state: str) -> None:
    """Let a verb through from a state in which the table has it.

    Raises:
        Refused: `claim_submitted`, `bounty_closed` and the like: the state that it is in, with the verb's own states.
    """
    before = [each for move in moves if (move.verb, move.who) == (verb, who) for each in move.before]
    if state not in before:
        told = f"The {subject} is {state}; {verb.replace('_', ' ')} is for what is {' or '.join(before)}."
        raise Refused(f"{subject}_{state}", told, state=state, allowed=before)
