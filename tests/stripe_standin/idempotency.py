"""The cache of first answers, as Stripe has it: kept for 24 hours of the stand-in's own clock."""

import json
import threading
from dataclasses import dataclass

from stripe_standin.state import Call, Object, Refusal, State

_KEPT = 24 * 3600
Answer = tuple[int, Object]


@dataclass
class _Entry:
    fingerprint: str
    since: float
    answer: Answer | None = None


class Cache:
    """By account and key. `begin` gives the stored answer, or None to whoever is first."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._lock = threading.Lock()

    def begin(self, call: Call) -> Answer | None:
        """Claim the key of a call.

        Raises:
            Refusal: 409, the first call is still running; 400, the key came with other parameters.
        """
        fingerprint = json.dumps([call.method, call.path, call.params], sort_keys=True)
        with self._lock:
            entry = self._entries.get(self._name(call))
            if entry is None or entry.since + _KEPT <= self._state.now():
                self._entries[self._name(call)] = _Entry(fingerprint, self._state.now())
                return None
            if entry.fingerprint != fingerprint:
                message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
                raise Refusal(400, message, type="idempotency_error")
            if entry.answer is None:
                message = "There is currently another in-progress request using this Idempotent Key."
                raise Refusal(409, message, "idempotency_key_in_use", type="idempotency_error")
            return entry.answer

    def finish(self, call: Call, answer: Answer | None) -> None:
        """Keep the answer; None: forget that there was a call."""
        with self._lock:
            if answer is None:
                self._entries.pop(self._name(call), None)
            else:
                self._entries[self._name(call)].answer = answer

    def _name(self, call: Call) -> tuple[str, str]:
        return call.account, call.key or ""
