"""What decoding hands to ingest: rows as lines of PostgreSQL's COPY text format, and the rows that were refused."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

# A touch's own columns stand first: with the batch behind them they are a row of `touch` as well.
TOUCH_COLUMNS = "occurred_at, event_id, kind, viewer, content, product, watch_ms, completed"
COLUMNS = f"{TOUCH_COLUMNS}, row_index, order_ref, quantity, amount, currency"
SLOT = timedelta(minutes=10)
SLOT_TEXT = len("2026-11-02T09:3")


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not accepted: its index in the body, its id where it has a valid one, why."""

    index: int
    id: str | None
    code: str
    detail: str

    def as_json(self) -> dict[str, object]:
        return {"index": self.index, "id": self.id, "code": self.code, "detail": self.detail}


@dataclass(slots=True)
class Decoded:
    """The rows of one body. `slots` are the ten minutes (UTC, `2026-11-02T09:3`) in which its touches occurred.

    A touch is the text of `TOUCH_COLUMNS` without the line's end, so that sorted as texts they stand in the order of
    time and id; its id and its index in the body lie beside it. A sale is a line of `COLUMNS`. `contents` and
    `products` are those that the touches name.
    """

    touches: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    sales: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    slots: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    purchases: int = 0
    refunds: int = 0

    @property
    def rows(self) -> list[str]:
        """All rows as lines of `COLUMNS`."""
        return [*map(staged_touch, self.touches, self.indexes), *self.sales]

    def span(self) -> tuple[datetime, datetime] | None:
        """No touch is before the first moment or at or after the second; None without touches."""
        if not self.slots:
            return None
        return slot_start(min(self.slots)), slot_start(max(self.slots)) + SLOT

    def days(self, zone: ZoneInfo) -> set[date]:
        """The service's days that the touches fall on. No zone's day begins inside ten minutes that begin at :x0,
        except where its offset ends in 5 minutes; then both days are named.
        """
        last = SLOT - timedelta(microseconds=1)
        starts = [slot_start(slot) for slot in self.slots]
        return {at.astimezone(zone).date() for start in starts for at in (start, start + last)}


def staged_touch(touch: str, index: int) -> str:
    """A touch as a line of `COLUMNS`."""
    return f"{touch}\t{index}\t\\N\t\\N\t\\N\t\\N\n"


def slot_start(slot: str) -> datetime:
    return datetime.fromisoformat(slot + "0:00").replace(tzinfo=UTC)
