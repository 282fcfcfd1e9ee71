"""The facts and the programs of the plain model, as they are and with no clever form."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

DAY = timedelta(days=1)
Interval = tuple[datetime, datetime | None]


@dataclass
class Content:
    creator: str
    kind: str
    region: str | None
    published: datetime
    deleted: datetime | None = None


@dataclass(frozen=True)
class Share:
    """A content's part of a purchase, what a refund took of it (`refund`), or the opposite of either."""

    order: str
    product: str
    content: str
    refund: bool
    amount: int
    units: int
    orders: int
    price: int
    category: str
    seller: str
    kind: str
    region: str | None
    currency: str
    at: datetime
    day: date


@dataclass
class Facts:
    zone: tzinfo
    creators: dict[str, str | None] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)
    products: dict[str, tuple[str, str]] = field(default_factory=dict)  # seller, category
    tags: list[tuple[str, str, Interval]] = field(default_factory=list)  # content, product
    tallies: dict[tuple[str, date], tuple[int, int, int, int]] = field(default_factory=dict)
    clicks: dict[tuple[str, str, date], int] = field(default_factory=dict)
    shares: list[Share] = field(default_factory=list)
    follows: list[tuple[str, Interval]] = field(default_factory=list)
    likes: list[tuple[str, Interval]] = field(default_factory=list)
    members: list[tuple[str, str, Interval]] = field(default_factory=list)  # program, creator
    days: set[tuple[date, str]] = field(default_factory=set)  # day and content with a fact

    def start(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def of(self, creator: str) -> set[str]:
        return {id for id, content in self.contents.items() if content.creator == creator}


@dataclass(frozen=True)
class OracleRule:
    id: int
    name: str
    grain: str
    amount: str
    where: str | None = None
    caps: tuple[tuple[str, int], ...] = ()
    on_shortfall: str = "wait"


@dataclass
class OracleProgram:
    """`versions`: first day and rules of each, by day. `line` None: sellers pay."""

    id: str
    currency: str
    line: str | None
    hold: int
    open_to_all: bool
    protection: int = 0
    versions: list[tuple[date, list[OracleRule]]] = field(default_factory=list)

    def until(self, number: int) -> date:
        later = self.versions[number + 1 :]
        return later[0][0] if later else date.max
