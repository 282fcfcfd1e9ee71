"""All that the stand-in knows: its clock, its objects, its balances, what happened."""

import copy
import itertools
import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

API_VERSION = "2026-10-28.endive"
PLATFORM = ""
PLENTY = 10**15
Object = dict[str, Any]


class Refusal(Exception):
    """An error as Stripe answers it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        type: str = "invalid_request_error",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        named = {"code": code} if code else {}
        self.body: Object = {"error": {"type": type, "message": message} | named | more}


@dataclass(frozen=True)
class Call:
    """A request, decoded: `params` of the body, `query` of the address, `account` of the header Stripe-Account."""

    method: str
    path: str
    params: Object
    query: Object
    account: str
    key: str | None
    body: str = ""
    ids: tuple[str, ...] = ()


@dataclass
class State:
    """Guarded by `lock`: every call takes effect alone."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    offset: float = 0.0
    latency: float = 0.0
    rate: int = 0
    keys_valid: bool = True
    transfers: dict[str, Object] = field(default_factory=dict)
    accounts: dict[str, Object] = field(default_factory=dict)
    payouts: dict[str, Object] = field(default_factory=dict)
    payout_account: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Object] = field(default_factory=dict)
    endpoints: dict[str, Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)
    movements: list[Object] = field(default_factory=list)
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    listeners: list[Any] = field(default_factory=list)
    _tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _numbers: dict[str, Any] = field(default_factory=lambda: defaultdict(lambda: itertools.count(1)))

    def now(self) -> float:
        return time.time() + self.offset

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{self._tag}{next(self._numbers[prefix]):010d}"

    def balance(self, owner: str, currency: str) -> int:
        """The platform has plenty until a test says how much; an account has what it was sent."""
        return self.balances.get((owner, currency), PLENTY if owner == PLATFORM else 0)

    def move(self, owner: str, currency: str, amount: int, kind: str, source: str | None) -> str:
        """Change a balance, with the balance transaction that says so; its id."""
        self.balances[owner, currency] = self.balance(owner, currency) + amount
        made = {
            "id": self.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": int(self.now()),
            "balance_type": "payments",
            "created": int(self.now()),
            "currency": currency,
            "description": None,
            "fee": 0,
            "fee_details": [],
            "net": amount,
            "reporting_category": kind,
            "source": source,
            "status": "available",
            "type": kind,
        }
        self.movements.append(made | {"_owner": owner})
        return str(made["id"])

    def emit(self, type: str, object: Object, account: str = PLATFORM, **event: Any) -> Object:
        """An event with the object as it is now; `account` is the connected account that it belongs to."""
        made = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self.now()),
            "data": {"object": copy.deepcopy(object)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
        }
        made |= {"account": account} if account else {}
        made |= event
        self.events.append(made)
        for listener in self.listeners:
            listener(made)
        return made


def integer(params: Object, name: str, *, required: bool = True) -> int | None:
    """A whole number above zero of the parameters."""
    text = params.get(name)
    if text is None or text == "":
        if required:
            raise Refusal(400, f"Missing required param: {name}.", "parameter_missing", param=name)
        return None
    if not str(text).lstrip("-").isdigit():
        raise Refusal(400, f"Invalid integer: {text}", "parameter_invalid_integer", param=name)
    if int(text) < 1:
        message = "This value must be greater than or equal to 1."
        raise Refusal(400, message, "parameter_invalid_integer", param=name)
    return int(text)


def required(params: Object, *names: str) -> None:
    for name in names:
        if not params.get(name):
            raise Refusal(400, f"Missing required param: {name}.", "parameter_missing", param=name)


def found(objects: dict[str, Object], id: str, kind: str, status: int = 404, param: str = "id") -> Object:
    if id not in objects:
        raise Refusal(status, f"No such {kind}: '{id}'", "resource_missing", param=param)
    return objects[id]
