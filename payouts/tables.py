"""Who is paid where, and the payouts in their runs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref

payee = Table(
    "payee",
    metadata,
    ref("creator", ForeignKey("creator.id"), primary_key=True),
    Column("tax_status", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("destination", LargeBinary, nullable=False, comment="encrypted JSON"),
    Column("changed_by", Text, nullable=False, comment="who may not verify it"),
    Column("verified", Boolean, nullable=False, server_default="false"),
    Column("verified_by", Text),
    moment("verified_at", nullable=True),
    Column("hold_reason", Text),
    Column("held_by", Text),
    recorded("updated_at"),
    CheckConstraint("NOT verified OR verified_by IS NOT NULL", "verified"),
    CheckConstraint("verified_by <> changed_by", "another_person"),
    CheckConstraint("method IN ('manual')", "method"),
    CheckConstraint(
        "tax_status IN ('individual', 'self_employed', 'sole_proprietor', 'company', 'non_resident')",
        "tax_status",
    ),
)

payout_setting = Table(
    "payout_setting",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("schedule", Text, nullable=False),
    micros("minimum"),
    Column("provider", Text, nullable=False),
    micros("approval_limit", nullable=True, comment="a run above it needs a person more; null: none"),
    recorded("updated_at"),
    CheckConstraint("schedule IN ('manual')", "schedule"),
    CheckConstraint("minimum > 0", "minimum"),
)

payout_run = Table(
    "payout_run",
    metadata,
    key(),
    Column("currency", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("until", Date, comment="only what was released up to this day's end"),
    Column("creators", ARRAY(Text), comment="null: everyone"),
    micros(
        "approval_limit",
        nullable=True,
        comment="when it was asked for: whoever lifts it later lifts it for later runs",
    ),
    Column("state", Text, nullable=False, server_default="drafting"),
    Column("drafted_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("confirmed_by", Text, comment="the second person of a run above the approval limit"),
    moment("approved_at", nullable=True),
    Column("cancelled_by", Text),
    ref("drafted_to", nullable=True, comment="creators up to here are drafted"),
    Column("payout_count", Integer, nullable=False, server_default="0", comment="without the cancelled ones"),
    micros("total", server_default="0", comment="without the cancelled ones"),
    recorded("created_at"),
    CheckConstraint("state IN ('drafting', 'draft', 'approved', 'sending', 'done', 'cancelled')", "state"),
    CheckConstraint("provider IN ('manual')", "provider"),
    CheckConstraint(
        "approved_by <> drafted_by AND confirmed_by NOT IN (drafted_by, approved_by)", "another_person"
    ),
    Index("payout_run_drafting_key", "currency", unique=True, postgresql_where="state = 'drafting'"),
)

payout = Table(
    "payout",
    metadata,
    key(),
    Column("run_id", BigInteger, ForeignKey("payout_run.id"), nullable=False),
    ref("creator", ForeignKey("creator.id")),
    Column("currency", Text, nullable=False),
    micros("amount"),
    Column("state", Text, nullable=False, server_default="reserved"),
    Column("hold_reason", Text),
    Column("held_by", Text, comment="null: the sending job"),
    Column("tax_status", Text, nullable=False, comment="as approved"),
    Column("destination", LargeBinary, nullable=False, comment="as approved; encrypted JSON"),
    Column("reference", Text, comment="the bank's or the provider's"),
    Column("entry_id", BigInteger, nullable=False, comment="the entry that reserved it"),
    moment("sent_at", nullable=True),
    moment("settled_at", nullable=True, comment="or cancelled"),
    Column("settled_by", Text),
    recorded("created_at"),
    CheckConstraint("amount > 0", "amount"),
    CheckConstraint(
        "state IN ('reserved', 'sending', 'sent', 'paid', 'failed', 'returned', 'cancelled', 'held')", "state"
    ),
    UniqueConstraint("run_id", "creator"),
    Index(None, "run_id", "id"),
    Index(None, "creator", "id"),
    Index("payout_open_idx", "run_id", postgresql_where="state IN ('reserved', 'sending', 'sent', 'held')"),
    Index(
        "payout_unfinished_key",
        "creator",
        "currency",
        unique=True,
        postgresql_where="state IN ('reserved', 'sending', 'sent', 'held')",
    ),
)

creator_hold = Table(
    "creator_hold",
    metadata,
    key(),
    ref("creator", ForeignKey("creator.id")),
    Column(
        "cause", Text, nullable=False, comment="what ends it, such as the program that suspended the creator"
    ),
    Column("reason", Text, nullable=False),
    Column("held_by", Text, nullable=False),
    moment("since"),
    moment("until", nullable=True),
    Index("creator_hold_standing_key", "creator", "cause", unique=True, postgresql_where="until IS NULL"),
)
