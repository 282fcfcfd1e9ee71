"""What decoding hands to ingest: rows as lines of PostgreSQL's COPY text format, and the rows that were refused."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

COLUMNS = (
    "row_index, kind, event_id, occurred_at, viewer, content, product,"
    " order_ref, quantity, amount, currency, watch_ms, completed"
)
_SLOT = timedelta(minutes=10)


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
    """The rows of one body. `slots` are the ten minutes (UTC, `2026-11-02T09:3`) in which its touches occurred."""

    rows: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    slots: set[str] = field(default_factory=set)
    purchases: int = 0
    refunds: int = 0

    @property
    def touches(self) -> int:
        return len(self.rows) - self.purchases - self.refunds

    def span(self) -> tuple[datetime, datetime] | None:
        """No touch is before the first moment or at or after the second; None without touches."""
        if not self.slots:
            return None
        return _start(min(self.slots)), _start(max(self.slots)) + _SLOT

    def days(self, zone: ZoneInfo) -> set[date]:
        """The service's days that the touches fall on. No zone's day begins inside ten minutes that begin at :x0,
        except where its offset ends in 5 minutes; then both days are named.
        """
        last = _SLOT - timedelta(microseconds=1)
        starts = [_start(slot) for slot in self.slots]
        return {at.astimezone(zone).date() for start in starts for at in (start, start + last)}


def _start(slot: str) -> datetime:
    return datetime.fromisoformat(slot + "0:00").replace(tzinfo=UTC)
