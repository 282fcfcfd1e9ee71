"""What tests say to the stand-in: POST /_control/NAME with JSON. Each name is a method here."""

from typing import Any

from stripe_standin import accounts, checkout, money
from stripe_standin.state import PLATFORM, Call, Object


class Control:
    """The README lists the names."""

    def __init__(self, standin: Any) -> None:
        self._all = standin
        self._state = standin.state

    def do(self, name: str, asked: Object) -> Any:
        if name.startswith("_") or name == "do" or not hasattr(self, name):
            raise ValueError(f"no such control: {name}")
        return getattr(self, name)(**asked)

    def fault(self, **asked: Any) -> None:
        self._all.faults.add(asked)

    def clear_faults(self) -> None:
        self._all.faults.clear()

    def hits(self) -> list[int]:
        """How many requests met each fault, in the order in which the faults were asked for."""
        hits: list[int] = self._all.faults.hits()
        return hits

    def clock(self, advance: float = 0.0, at: float | None = None) -> float:
        """Move the clock by seconds, or to a moment (seconds since 1970); it ticks on from there."""
        with self._state.lock:
            if at is not None:
                self._state.offset += at - self._state.now()
            self._state.offset += advance
            now: float = self._state.now()
            return now

    def set(self, **values: Any) -> None:
        """`latency` (seconds a call), `rate` (calls a second; 0: any), `keys_valid` (False: 401 for all)."""
        if set(values) - {"latency", "rate", "keys_valid"}:
            raise ValueError(f"no such setting: {values}")
        for name, value in values.items():
            setattr(self._state, name, value)

    def balance(self, currency: str, amount: int, account: str = PLATFORM) -> None:
        with self._state.lock:
            money.set_balance(self._state, currency, amount, account)

    def account(self, transfers: str = "active", payouts_enabled: bool = True, count: int = 1) -> list[str]:
        """Accounts as if their owners had finished; their ids."""
        asked = {"type": "express", "capabilities": {"transfers": {"requested": "true"}}}
        ids = []
        with self._state.lock:
            for _ in range(count):
                made = accounts.create_account(self._state, Call("POST", "", asked, {}, "", None))
                made["capabilities"]["transfers"] = transfers
                made["payouts_enabled"] = payouts_enabled
                made["requirements"]["disabled_reason"] = None
                ids.append(made["id"])
        return ids

    def change_account(self, id: str, **changed: Any) -> Object:
        with self._state.lock:
            return accounts.change_account(self._state, id, changed)

    def payout(self, account: str, currency: str, amount: int) -> Object:
        """A connected account's automatic payout to its bank; `change_payout` says how it ends."""
        asked = {"currency": currency, "amount": str(amount)}
        with self._state.lock:
            made = money.create_payout(self._state, Call("POST", "", asked, {}, account, None))
            made["automatic"] = True
            return made

    def change_payout(self, id: str, status: str, failure: str | None = None) -> Object:
        with self._state.lock:
            return money.change_payout(self._state, id, status, failure)

    def checkout(self, id: str, step: str) -> Object:
        with self._state.lock:
            return checkout.change_session(self._state, id, step)

    def emit(self, type: str, object: Object, account: str = PLATFORM, **event: Any) -> Object:
        """An event of one's own making, listed and delivered like any other."""
        with self._state.lock:
            made: Object = self._state.emit(type, object, account, **event)
            return made

    def endpoint(self, url: str, secret: str, **options: Any) -> None:
        self._all.sender.add(url, secret, **options)

    def deliver(self, **asked: Any) -> list[Object]:
        done: list[Object] = self._all.sender.deliver(**asked)
        return done

    def quiet(self, seconds: float = 30.0) -> bool:
        """Wait until no automatic delivery is under way."""
        still: bool = self._all.sender.wait(seconds)
        return still

    def events(self) -> list[Object]:
        with self._state.lock:
            return list(self._state.events)

    def transfers(self) -> list[Object]:
        with self._state.lock:
            return list(self._state.transfers.values())

    def forget(self) -> None:
        """Empty the log: what was sent wrong on purpose is no complaint."""
        self._all.log.clear()

    def log(self) -> list[Object]:
        return list(self._all.log)
