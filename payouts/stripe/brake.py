"""When Stripe does not answer, few calls are enough to see whether it does again.

Without it an hour's outage would turn every payout of a run into an unknown one, each to be looked up afterwards.
"""

import threading
from datetime import datetime, timedelta

PATIENCE = 5  # calls without an answer, one after another, until the brake is on
LONGEST = 60.0


class Brake:
    """One a process and database. While it is on, one payout at a time tries, ever more seldom."""

    def __init__(self) -> None:
        self._failures = 0
        self._until: datetime | None = None
        self._lock = threading.Lock()

    def saw(self, answered: bool, now: datetime) -> None:
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            over = self._failures - PATIENCE
            self._until = now + timedelta(seconds=min(2.0 ** min(over, 10), LONGEST)) if over >= 0 else None

    def room(self, wanted: int, now: datetime) -> int:
        """How many payouts may be claimed now."""
        with self._lock:
            if self._until is None:
                return wanted
            return 1 if now >= self._until else 0

    @property
    def on(self) -> bool:
        return self._until is not None
