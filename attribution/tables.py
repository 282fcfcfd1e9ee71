"""Events as they came, the counts of them, and what attribution made of the sales.

Two natures: touches (views and clicks: many, partitioned by day) and sales (purchases and refunds: few, kept).
Viewers are keyed hashes. `day` is a day in the service's time zone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref

VIEW, CLICK, PURCHASE, REFUND = 1, 2, 3, 4


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


event_batch = Table(
    "event_batch",
    metadata,
    key(),
    Column("source", Text, nullable=False),
    recorded("received_at"),
    _count("accepted"),
    _count("duplicates"),
    _count("conflicts"),
    _count("parked"),
    _count("rejected"),
    Column("errors", JSONB, nullable=False, server_default="[]"),
    moment(
        "first_at",
        nullable=True,
        comment="no touch of the batch is earlier; with last_at it bounds the partitions to read",
    ),
    moment("last_at", nullable=True),
    moment("tallied_at", nullable=True),
    moment("checked_at", nullable=True, comment="when the traffic rules looked at it"),
    Index("event_batch_waiting_idx", "id", postgresql_where="tallied_at IS NULL"),
    Index("event_batch_unchecked_idx", "id", postgresql_where="checked_at IS NULL"),
)

touch = Table(
    "touch",
    metadata,
    ref("event_id"),
    moment("occurred_at"),
    Column("kind", SmallInteger, nullable=False, comment="1 view, 2 click"),
    Column("viewer", UUID, nullable=False),
    ref("content"),
    ref("product", nullable=True),
    Column("watch_ms", Integer),
    Column("completed", Boolean),
    Column("batch_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("event_id", "occurred_at"),
    Index(None, "viewer", "occurred_at"),
    # A batch's rows lie together: a summary every 32 pages finds them, and costs an insert nothing.
    Index(
        None,
        "batch_id",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": True},
    ),
    postgresql_partition_by="RANGE (occurred_at)",
)

purchase = Table(
    "purchase",
    metadata,
    key(),
    ref("event_id", unique=True),
    ref("order_ref"),
    ref("product"),
    Column("viewer", UUID),
    Column("quantity", Integer, nullable=False),
    micros("amount"),
    Column("currency", Text, nullable=False),
    moment("occurred_at"),
    Column("day", Date, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    recorded(),
    micros("refunded", server_default="0", comment="of the amount"),
    Column("returned", Integer, nullable=False, server_default="0", comment="of the quantity"),
    UniqueConstraint("order_ref", "product"),
    CheckConstraint("quantity > 0 AND amount >= 0", "positive"),
    CheckConstraint("refunded BETWEEN 0 AND amount AND returned BETWEEN 0 AND quantity", "refunded"),
    Index(None, "occurred_at"),
    # The way from a doubted touch to the sales that it may have led to.
    Index(None, "viewer", "occurred_at"),
    Index(
        None,
        "batch_id",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": True},
    ),
)

refund = Table(
    "refund",
    metadata,
    key(),
    ref("event_id", unique=True),
    Column("purchase_id", BigInteger, ForeignKey("purchase.id"), nullable=False),
    ref("order_ref"),
    ref("product"),
    Column("quantity", Integer, comment="as it came"),
    micros("given", nullable=True, comment="the amount as it came, if it did"),
    micros("amount", comment="what it takes back"),
    moment("occurred_at"),
    Column("batch_id", BigInteger, nullable=False),
    recorded(),
    Index(None, "purchase_id"),
)

parked_event = Table(
    "parked_event",
    metadata,
    key(),
    Column("batch_id", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    ref("event_id"),
    moment("occurred_at"),
    Column("viewer", UUID),
    ref("content", nullable=True),
    ref("product", nullable=True),
    ref("order_ref", nullable=True),
    Column("quantity", Integer),
    micros("amount", nullable=True),
    Column("currency", Text),
    Column("watch_ms", Integer),
    Column("completed", Boolean),
    Column("reason", Text, nullable=False),
    recorded("parked_at"),
    Column("state", Text, nullable=False, server_default="parked"),
    Column("outcome", Text, comment="why it was refused or dropped in the end"),
    CheckConstraint("state IN ('parked', 'dropped', 'rejected')", "state"),
    Index("parked_event_waiting_idx", "kind", "id", postgresql_where="state = 'parked'"),
    Index(
        "parked_event_sale_idx",
        "order_ref",
        "product",
        postgresql_where="state = 'parked' AND order_ref IS NOT NULL",
    ),
    Index("parked_event_event_id_key", "kind", "event_id", "occurred_at", unique=True),
)

event_conflict = Table(
    "event_conflict",
    metadata,
    key(),
    Column("batch_id", BigInteger, nullable=False),
    Column("row_index", Integer, nullable=False),
    ref("event_id"),
    Column("body", JSONB, nullable=False, comment="what came second; the viewer is a keyed hash"),
    recorded(),
    Index(None, "event_id"),
)

tally_content_day = Table(
    "tally_content_day",
    metadata,
    ref("content"),
    Column("day", Date, nullable=False),
    Column("views", BigInteger, nullable=False, server_default="0"),
    Column("qualified_views", BigInteger, nullable=False, server_default="0"),
    Column("watch_ms", BigInteger, nullable=False, server_default="0"),
    Column("completes", BigInteger, nullable=False, server_default="0"),
    Column(
        "stale",
        Boolean,
        nullable=False,
        server_default="true",
        comment="qualified views are to be counted (again)",
    ),
    Column(
        "unjudged",
        Boolean,
        nullable=False,
        server_default="true",
        comment="whether one viewer has too large a share of the views is to be looked at (again)",
    ),
    PrimaryKeyConstraint("content", "day"),
    Index("tally_content_day_stale_idx", "day", postgresql_where="stale"),
    Index("tally_content_day_unjudged_idx", "day", postgresql_where="unjudged"),
)

tally_product_day = Table(
    "tally_product_day",
    metadata,
    ref("content"),
    ref("product"),
    Column("day", Date, nullable=False),
    Column("clicks", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("content", "day", "product"),
)

policy = Table(
    "policy",
    metadata,
    ref("id", primary_key=True),
    recorded("created_at"),
)

MODELS = ("last_touch", "first_touch", "linear", "position_based", "time_decay")
SCOPES = ("product", "seller", "store")

policy_version = Table(
    "policy_version",
    metadata,
    ref("policy", ForeignKey("policy.id")),
    Column("version", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("click_window_hours", Integer, nullable=False),
    Column("view_window_hours", Integer, nullable=False),
    moment("effective_from", comment="purchases from then on are attributed by it, until the next version's"),
    Column("created_by", Text, nullable=False),
    recorded("created_at"),
    PrimaryKeyConstraint("policy", "version"),
    UniqueConstraint("policy", "effective_from"),
    CheckConstraint(f"model IN {MODELS}", "model"),
    CheckConstraint(f"scope IN {SCOPES}", "scope"),
    CheckConstraint(
        "click_window_hours BETWEEN 0 AND 8760 AND view_window_hours BETWEEN 0 AND 8760", "windows"
    ),
)

# Half-lives of a week, by whole hours, in integers: (10^18 x 2^(-h/168)) rounded for h below 168; a week more halves it.
decay_weight = Table(
    "decay_weight",
    metadata,
    Column("hours", Integer, primary_key=True, autoincrement=False),
    Column("weight", Numeric, nullable=False),
)

# No foreign keys here: purchases and policies are never deleted, and two checks a row would double the cost of a row.
attribution = Table(
    "attribution",
    metadata,
    Column("purchase_id", BigInteger, nullable=False),
    ref("policy"),
    Column("version", Integer, nullable=False, server_default="1", comment="of the policy"),
    Column(
        "generation",
        Integer,
        nullable=False,
        server_default="1",
        comment="1, and one more each time it is redone",
    ),
    Column("outcome", Text, nullable=False, comment="click, if one was taken; else view; else none"),
    ref("touch_id", nullable=True, comment="the touch that earned, the one that earned most of several"),
    moment("touched_at", nullable=True),
    recorded("attributed_at"),
    PrimaryKeyConstraint("purchase_id", "policy"),
    CheckConstraint("outcome IN ('click', 'view', 'none')", "outcome"),
)

# Few indexes, for the bulk path: the unique key is also the way to a purchase's shares, creator and day to all others.
share = Table(
    "share",
    metadata,
    Column("purchase_id", BigInteger, nullable=False),
    ref("policy"),
    Column("refund_id", BigInteger, comment="set on what a refund took back"),
    Column(
        "generation",
        Integer,
        nullable=False,
        server_default="1",
        comment="of the attribution; -n is the opposite of what generation n gave",
    ),
    ref("content"),
    ref("creator"),
    ref("product"),
    ref("seller"),
    Column("category", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="of the content"),
    Column("region", Text, comment="of the content"),
    micros("price"),
    micros("amount"),
    Column("units", BigInteger, nullable=False, comment="micros of a unit"),
    Column("orders", BigInteger, nullable=False, comment="micros of an order"),
    Column("currency", Text, nullable=False),
    moment("occurred_at", comment="of the purchase"),
    Column("day", Date, nullable=False, comment="of the purchase"),
    recorded(),
    Index(
        "share_once_key",
        "purchase_id",
        "policy",
        "content",
        "refund_id",
        "generation",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index(None, "creator", "day"),
)

# Touches that a traffic rule doubts: kept, and left out of tallies and shares unless a person clears them.
suspect = Table(
    "suspect",
    metadata,
    key(),
    ref("event_id"),
    moment("occurred_at"),
    Column("kind", SmallInteger, nullable=False, comment="1 view, 2 click"),
    Column("viewer", UUID, nullable=False),
    ref("content"),
    ref("product", nullable=True),
    Column("rule", Text, nullable=False, comment="the first that hit"),
    Column("detail", Text, nullable=False, comment="the figure and the threshold"),
    Column("state", Text, nullable=False, server_default="open"),
    recorded("found_at"),
    moment("decided_at", nullable=True),
    Column("decided_by", Text),
    Column("reason", Text),
    UniqueConstraint("event_id", "occurred_at"),
    CheckConstraint("state IN ('open', 'confirmed', 'cleared')", "state"),
    CheckConstraint("(state = 'open') = (decided_at IS NULL)", "decided"),
    Index("suspect_open_idx", "id", postgresql_where="state = 'open'"),
    Index(None, "viewer", "occurred_at"),
    Index(None, "content", "id"),
)

# Purchases whose touches were doubted or cleared after they had been attributed: to be attributed anew.
reattribution = Table(
    "reattribution",
    metadata,
    Column("purchase_id", BigInteger, primary_key=True, autoincrement=False),
)

changed_purchase = Table(
    "changed_purchase",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("purchase_id", BigInteger, nullable=False),
)

import_run = Table(
    "import_run",
    metadata,
    key(),
    Column("source", Text, nullable=False),
    recorded("started_at"),
    recorded("alive_at"),
    moment("ended_at", nullable=True),
    Column("file", Text, comment="what the file is known by, so that an import that broke off goes on"),
    Column(
        "lines",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="of the file, on disk with their batch",
    ),
    Column("counts", JSONB, nullable=False, server_default="{}", comment="what became of these lines"),
    Column(
        "whole", Boolean, nullable=False, server_default="false", comment="the end of the file was reached"
    ),
)
