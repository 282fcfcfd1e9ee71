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
    Index("event_batch_waiting_idx", "id", postgresql_where="tallied_at IS NULL"),
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
    Index(None, "batch_id"),
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
    PrimaryKeyConstraint("content", "day"),
    Index("tally_content_day_stale_idx", "day", postgresql_where="stale"),
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
    Column("model", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("click_window_hours", Integer, nullable=False),
    Column("view_window_hours", Integer, nullable=False),
    recorded("created_at"),
    CheckConstraint("model IN ('last_touch')", "model"),
    CheckConstraint("scope IN ('product')", "scope"),
)

# No foreign keys here: purchases and policies are never deleted, and two checks a row would double the cost of a row.
attribution = Table(
    "attribution",
    metadata,
    Column("purchase_id", BigInteger, nullable=False),
    ref("policy"),
    Column("outcome", Text, nullable=False, comment="what the last touch was"),
    ref("touch_id", nullable=True),
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
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index(None, "creator", "day"),
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
)
