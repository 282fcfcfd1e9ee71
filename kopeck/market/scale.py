"""How much of everything."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
CURRENCY = "RUB"


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of the sample. `events` is met to within 1 %; they lie in the last `days` days."""

    creators: int = 200
    sellers: int = 60
    products: int = 3_000
    contents: int = 2_000
    days: int = 30
    events: int = 150_000

    @property
    def published_days(self) -> int:
        """Contents appeared over this many days: when the events begin there is something to watch."""
        return max(60, 2 * self.days)

    @property
    def viewers(self) -> int:
        """People who watch; those who only buy are counted from here on."""
        return max(20, self.events // 8)


DEFAULT = Scale()
