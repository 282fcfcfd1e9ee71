"""The four events as they may come, strictly typed: what is not listed here is refused.

Patterns are ASCII classes and end with `\\Z`: `\\d` would admit other digits and `$` a newline. A bool is no number,
a float no integer; an optional field may be null.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]
Moment = Annotated[datetime, Meta(tz=True)]
Amount = Annotated[str, Meta(max_length=20, pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?\Z")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
WatchMs = Annotated[int, Meta(ge=0, le=86_400_000)]


class View(Struct, tag="view", tag_field="type", forbid_unknown_fields=True, gc=False):
    """A content was watched."""

    id: Reference
    occurred_at: Moment
    viewer: Reference
    content: Reference
    watch_ms: WatchMs | None = None
    completed: bool | None = None


class Click(Struct, tag="click", tag_field="type", forbid_unknown_fields=True, gc=False):
    """A product was opened from a content."""

    id: Reference
    occurred_at: Moment
    viewer: Reference
    content: Reference
    product: Reference


class Purchase(Struct, tag="purchase", tag_field="type", forbid_unknown_fields=True, gc=False):
    """One line of an order. `amount` is what was paid for the line; without a viewer nobody can earn from it."""

    id: Reference
    occurred_at: Moment
    order: Reference
    product: Reference
    quantity: Quantity
    amount: Amount
    currency: Currency
    viewer: Reference | None = None


class Refund(Struct, tag="refund", tag_field="type", forbid_unknown_fields=True, gc=False):
    """A part of a purchase taken back: units, or money, or both (then the amount is the money)."""

    id: Reference
    occurred_at: Moment
    order: Reference
    product: Reference
    quantity: Quantity | None = None
    amount: Amount | None = None
    currency: Currency | None = None


Event = View | Click | Purchase | Refund
