"""The quick way for views and clicks that are plainly right, most of a feed.

It takes the usual form of a moment as the text that it is, and looks at all references at once. Whatever is not plain
goes the strict way, which alone decides what is refused; so this one may be narrow, and never lets through more.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from attribution.event import Purchase, Refund, WatchMs
from attribution.staging import SLOT_TEXT, slot_start

ShortText = Annotated[str, Meta(min_length=1, max_length=64)]
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_SLOT_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5]\Z")
_FRACTION = re.compile(r"([0-9]:[0-5][0-9]\.[0-9]{1,6})(?:Z|\+00:00)\Z")
# What may follow a slot of ten minutes, and how it is written here.
_TAILS = {
    f"{minute}:{second:02}{zone}": f"{minute}:{second:02}+00:00"
    for minute in range(10)
    for second in range(60)
    for zone in ("Z", "+00:00")
}


class QuickView(Struct, tag="view", tag_field="type", forbid_unknown_fields=True, gc=False):
    """A view whose references and moment have not been looked at."""

    id: ShortText
    occurred_at: str
    viewer: ShortText
    content: ShortText
    watch_ms: WatchMs | None = None
    completed: bool | None = None


class QuickClick(Struct, tag="click", tag_field="type", forbid_unknown_fields=True, gc=False):
    """A click, likewise."""

    id: ShortText
    occurred_at: str
    viewer: ShortText
    content: ShortText
    product: ShortText


decode_quick = msgspec.json.Decoder(QuickView | QuickClick | Purchase | Refund).decode


def plain(references: str) -> bool:
    """Whether references, one after the other, hold no other characters than a reference may."""
    return not references.encode().translate(None, _PLAIN)


def plain_moments(earliest: datetime, latest: datetime) -> Callable[[str], str | None]:
    """A reader of moments: its text in UTC for one that lies between the limits and has the usual form, else None.

    The texts sort as the moments do. Within the first and last second of the limits nothing is plain.
    """
    low, high = (at.astimezone(UTC).isoformat()[:19] for at in (earliest, latest))
    inside: dict[str, bool] = {}  # by slot: whether it lies wholly between the limits

    def read(text: str) -> str | None:
        slot, tail = text[:SLOT_TEXT], _TAILS.get(text[SLOT_TEXT:])
        if tail is None:
            fraction = _FRACTION.match(text, SLOT_TEXT)
            if fraction is None:
                return None
            tail = f"{fraction[1]}+00:00"
        whole = inside.get(slot)
        if whole is None:
            if not _is_slot(slot):
                return None
            whole = inside[slot] = low < f"{slot}0:00" and f"{slot}9:59" < high
        when = slot + tail
        return when if whole or low < when[:19] < high else None

    return read


def _is_slot(text: str) -> bool:
    if not _SLOT_FORM.match(text):
        return False
    try:
        slot_start(text)
    except ValueError:
        return False
    return True
