"""What a check answers with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: which check, of what, and the figures. `halts`: payouts wait until someone acknowledges it."""

    check: str
    subject: str
    detail: str
    halts: bool = True
