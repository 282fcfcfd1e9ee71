"""The catalog: who creates, who sells, what is posted and tagged, who follows and likes.

Follows, likes and tags keep their intervals, so that "as at the day's end" can be asked of any day.
`changed_day` is the queue of days whose figures changed; catalog and attribution write it, rewards take from it.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import UUID

from core.database import metadata
from core.tables import micros, moment, recorded, ref

REFERENCE = "id ~ '^[A-Za-z0-9._-]{1,64}$'"

creator = Table(
    "creator",
    metadata,
    ref("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("region", Text),
    Column("avatar_url", Text),
    Column("viewer", UUID, comment="keyed hash of the creator's own viewer reference"),
    Column("status", Text, nullable=False, server_default="active"),
    recorded("created_at"),
    recorded("updated_at"),
    CheckConstraint(REFERENCE, "reference"),
    CheckConstraint("status IN ('active', 'suspended')", "status"),
    Index(None, "viewer"),
)

seller = Table(
    "seller",
    metadata,
    ref("id", primary_key=True),
    Column("name", Text, nullable=False),
    recorded("created_at"),
    recorded("updated_at"),
    CheckConstraint(REFERENCE, "reference"),
)

product = Table(
    "product",
    metadata,
    ref("id", primary_key=True),
    ref("seller", ForeignKey("seller.id")),
    Column("title", Text, nullable=False),
    Column("category", Text, nullable=False),
    micros("price", CheckConstraint("price >= 0", "price")),
    Column("currency", Text, nullable=False),
    recorded("created_at"),
    recorded("updated_at"),
    CheckConstraint(REFERENCE, "reference"),
    Index(None, "seller", "id"),
)

content = Table(
    "content",
    metadata,
    ref("id", primary_key=True),
    ref("creator", ForeignKey("creator.id")),
    Column("kind", Text, nullable=False),
    Column("caption", Text),
    Column("region", Text),
    moment("published_at"),
    moment("deleted_at", nullable=True),
    recorded("created_at"),
    recorded("updated_at"),
    CheckConstraint(REFERENCE, "reference"),
    CheckConstraint("kind IN ('video', 'image', 'text')", "kind"),
    Index(None, "creator", "published_at"),
)

product_tag = Table(
    "product_tag",
    metadata,
    ref("content", ForeignKey("content.id")),
    ref("product", ForeignKey("product.id")),
    moment("tagged_from"),
    moment("tagged_until", nullable=True),
    PrimaryKeyConstraint("content", "product", "tagged_from"),
    CheckConstraint("tagged_until >= tagged_from", "interval"),
    Index(
        "product_tag_standing_key", "content", "product", unique=True, postgresql_where="tagged_until IS NULL"
    ),
    Index(None, "product", "content"),
)

follow = Table(
    "follow",
    metadata,
    ref("creator", ForeignKey("creator.id")),
    Column("viewer", UUID, nullable=False),
    recorded("since"),
    moment("until", nullable=True),
    PrimaryKeyConstraint("creator", "viewer", "since"),
    Index("follow_standing_key", "creator", "viewer", unique=True, postgresql_where="until IS NULL"),
)

content_like = Table(
    "content_like",
    metadata,
    ref("content", ForeignKey("content.id")),
    Column("viewer", UUID, nullable=False),
    recorded("since"),
    moment("until", nullable=True),
    PrimaryKeyConstraint("content", "viewer", "since"),
    Index("content_like_standing_key", "content", "viewer", unique=True, postgresql_where="until IS NULL"),
)

changed_day = Table(
    "changed_day",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("day", Date, nullable=False),
    ref("creator"),
    ref("content"),
    Index(None, "day"),
)
