"""Bounties in plain Python: states and sums of money, no database, written from the words of the documentation.

Every verb either changes the model or raises `No` with the code of the refusal, and changes nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Moscow")
STEP = {"RUB": 10_000, "JPY": 1_000_000, "KWD": 1_000}
# 7.5 % and a minimum, in micros.
RATE, MINIMUM = 75_000, {"RUB": 30_000_000, "JPY": 45_000_000, "KWD": 125_000}
ENDED = ("settled", "cancelled")


class No(Exception):
    """A refusal: its code."""


def fee_of(price: int, currency: str) -> int:
    steps = Decimal(price * RATE) / (1_000_000 * STEP[currency])
    return max(int(steps.quantize(Decimal(1), ROUND_HALF_UP)) * STEP[currency], MINIMUM[currency])


@dataclass
class ClaimModel:
    creator: str
    due: datetime | None
    state: str = "claimed"
    content: str | None = None
    token: str | None = None
    rounds: int = 0
    price: int = 0
    fee: int = 0
    bonus_state: str = "none"
    bonus_from: date | None = None
    bonus_until: date | None = None
    bonus: int = 0
    ended: bool = False

    @property
    def stands(self) -> bool:
        return self.state not in ("withdrawn", "expired")

    @property
    def takes(self) -> bool:
        return not self.ended or self.state in ("approved", "split")


@dataclass
class BountyModel:
    terms: dict[str, Any]
    seller: str = "s1"
    state: str = "draft"
    opened_at: datetime | None = None
    funded: int = 0
    released: int = 0
    returned: int = 0
    claims: list[ClaimModel] = field(default_factory=list)

    @property
    def currency(self) -> str:
        return str(self.terms["currency"])

    @property
    def fee(self) -> int:
        return fee_of(self.terms["price"], self.currency)

    @property
    def unit(self) -> int:
        return int(self.terms["price"] + self.terms["bonus_max"] + self.fee)

    @property
    def taken(self) -> int:
        return sum(claim.takes for claim in self.claims)

    @property
    def held(self) -> int:
        return self.funded - self.released - self.returned


@dataclass
class ContentModel:
    creator: str
    published: datetime
    tagged: bool = True
    deleted: bool = False


@dataclass
class Model:
    """All of it. `money` by account's short name and currency, always natural."""

    money: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    bounties: list[BountyModel] = field(default_factory=list)
    contents: dict[str, ContentModel] = field(default_factory=dict)
    views: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    suspended: set[str] = field(default_factory=set)

    def fund(self, b: BountyModel, micros: int) -> None:
        if self.money[b.seller, b.currency] < micros:
            raise No("not_enough_money")
        self.money[b.seller, b.currency] -= micros
        b.funded += micros

    def back(self, b: BountyModel, micros: int) -> None:
        self.money[b.seller, b.currency] += micros
        b.returned += micros

    def pay(self, b: BountyModel, who: str, micros: int) -> None:
        self.money[who, b.currency] += micros
        b.released += micros

    def open(self, b: BountyModel, seller: str, now: datetime) -> None:
        _own(b, seller)
        if b.state != "draft":
            raise No(f"bounty_{b.state}")
        if b.terms["deadline"] <= now:
            raise No("deadline_passed")
        self.fund(b, b.unit * b.terms["slots"])
        b.state, b.opened_at, b.terms["opens_at"] = "open", now, None

    def edit(self, b: BountyModel, seller: str, changes: dict[str, Any], now: datetime) -> None:
        _own(b, seller)
        _editable(b, changes)
        after = b.terms | changes
        if not now < after["deadline"]:
            raise No("bad_deadline")
        if after["opens_at"] is not None and not now < after["opens_at"] < after["deadline"]:
            raise No("bad_opening")
        if b.state == "open":
            then = BountyModel(after)
            more = then.unit * after["slots"] - b.unit * b.terms["slots"]
            self.fund(b, more) if more > 0 else self.back(b, -more)
        b.terms = after

    def cancel(self, b: BountyModel, seller: str) -> None:
        _own(b, seller)
        if b.state not in ("draft", "open"):
            raise No(f"bounty_{b.state}")
        if b.taken:
            raise No("bounty_claimed")
        self.back(b, b.held)
        b.state, b.terms["opens_at"] = "cancelled", None

    def close(self, b: BountyModel, seller: str) -> None:
        _own(b, seller)
        if b.state != "open":
            raise No(f"bounty_{b.state}")
        self.back(b, b.unit * (b.terms["slots"] - b.taken))
        b.state = "closed"
        self.settle(b)

    def settle(self, b: BountyModel) -> None:
        if b.state == "closed" and all(c.ended and c.bonus_state != "waiting" for c in b.claims):
            b.state = "settled"

    def end_unpaid(self, b: BountyModel, claim: ClaimModel, state: str) -> None:
        claim.state, claim.due, claim.ended = state, None, True
        if b.state == "closed":
            self.back(b, b.unit)
        self.settle(b)

    def end_paid(self, b: BountyModel, claim: ClaimModel, part: int | None, now: datetime) -> None:
        claim.due, claim.ended = None, True
        claim.state = "approved" if part is None else "split"
        claim.price = b.terms["price"] if part is None else part
        claim.fee = b.fee if part is None else min(b.fee, fee_of(part, b.currency))
        kept = b.terms["bonus_max"] if part is None else 0
        if kept:
            today = now.astimezone(ZONE).date()
            claim.bonus_state, claim.bonus_from = "waiting", today + timedelta(days=1)
            claim.bonus_until = today + timedelta(days=b.terms["bonus_days"])
        self.pay(b, claim.creator, claim.price)
        self.pay(b, "fees", claim.fee)
        self.back(b, b.unit - claim.price - claim.fee - kept)
        self.settle(b)


def _own(b: BountyModel, seller: str) -> None:
    if b.seller != seller:
        raise No("not_found")


def _editable(b: BountyModel, changes: dict[str, Any]) -> None:
    if b.state not in ("draft", "open"):
        raise No(f"bounty_{b.state}")
    if b.taken:
        other = {name for name, value in changes.items() if value != b.terms[name]} - {"slots", "deadline"}
        less = any(changes.get(name, b.terms[name]) < b.terms[name] for name in ("slots", "deadline"))
        if other or less:
            raise No("bounty_claimed")
    currency = changes.get("currency", b.currency)
    if b.state == "open" and (currency != b.currency or changes.get("opens_at")):
        raise No("bounty_open")
