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
    micros("minimum", nullable=True, comment="the creator's own; less is not paid out"),
    Column("minimum_currency", Text, comment="the own minimum is about payouts in it alone"),
    Column(
        "scheme", Text, comment="of a bank destination: rubles (BIK) or iban; what is sealed cannot be asked"
    ),
    CheckConstraint("method IN ('manual', 'stripe', 'bank')", "method"),
    CheckConstraint("minimum IS NULL OR minimum > 0 AND minimum_currency IS NOT NULL", "minimum"),
    CheckConstraint("scheme IN ('rubles', 'iban')", "scheme"),
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
    Column(
        "asked_to", Date, comment="the last day of the schedule that was looked at: each is asked for once"
    ),
    CheckConstraint("schedule ~ '^(manual|daily|weekly:[1-7]|monthly:([1-9]|1[0-9]|2[0-8]))$'", "schedule"),
    CheckConstraint("provider IN ('manual', 'stripe', 'bank')", "provider"),
    CheckConstraint("minimum > 0", "minimum"),
)

payout_run = Table(
    "payout_run",
    metadata,
    key(),
    Column("currency", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("period", Date, comment="the day of the schedule that asked for it; null: a person did"),
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
    CheckConstraint("provider IN ('manual', 'stripe', 'bank')", "provider"),
    UniqueConstraint("currency", "period"),
    CheckConstraint(
        "approved_by <> drafted_by AND confirmed_by NOT IN (drafted_by, approved_by)", "another_person"
    ),
    Index("payout_run_drafting_key", "currency", unique=True, postgresql_where="state = 'drafting'"),
)

payout = Table(
    "payout",
    metadata,
    key(),
    # No foreign keys: a tenth of a run's time. Nobody may delete what they name; `payout_run_wrong` looks.
    Column("run_id", BigInteger, nullable=False),
    ref("creator"),
    Column("currency", Text, nullable=False),
    micros("amount", comment="what is sent: net of tax"),
    micros("tax", server_default="0", comment="withheld when it was reserved"),
    Column("tax_kind", Text),
    micros("reversed", server_default="0", comment="what the provider confirmed to have taken back"),
    Column("state", Text, nullable=False, server_default="reserved"),
    Column("hold_reason", Text),
    Column("held_by", Text, comment="null: the sending job"),
    Column("tax_status", Text, nullable=False, comment="as approved"),
    Column("destination", LargeBinary, nullable=False, comment="as approved; encrypted JSON"),
    Column("verified_by", Text, comment="who vouched for the destination, and may not approve the run"),
    Column("reference", Text, comment="the bank's or the provider's"),
    Column("entry_id", BigInteger, nullable=False, comment="the entry that reserved it"),
    moment("sent_at", nullable=True),
    moment("settled_at", nullable=True, comment="or cancelled"),
    Column("settled_by", Text),
    recorded("created_at"),
    CheckConstraint("amount > 0", "amount"),
    CheckConstraint("tax >= 0 AND (tax = 0 OR tax_kind IS NOT NULL)", "tax"),
    CheckConstraint("reversed BETWEEN 0 AND amount", "reversed"),
    CheckConstraint(
        "state IN ('reserved', 'sending', 'unknown', 'sent', 'paid', 'failed', 'returned', 'cancelled', 'held')",
        "state",
    ),
    UniqueConstraint("run_id", "creator"),
    Index(None, "run_id", "id"),
    Index(None, "creator", "id"),
    Index(
        "payout_tax_idx",
        "creator",
        "currency",
        "tax_kind",
        "created_at",
        postgresql_where="tax_kind IS NOT NULL",
    ),
    Index(
        "payout_receipt_idx",
        "creator",
        "settled_at",
        postgresql_where="tax_status = 'self_employed' AND state = 'paid'",
    ),
    Index(
        "payout_open_idx",
        "run_id",
        postgresql_where="state IN ('reserved', 'sending', 'unknown', 'sent', 'held')",
    ),
    Index(
        "payout_unfinished_key",
        "creator",
        "currency",
        unique=True,
        postgresql_where="state IN ('reserved', 'sending', 'unknown', 'sent', 'held')",
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
