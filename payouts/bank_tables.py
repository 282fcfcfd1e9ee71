"""Files to banks, statements from them, and what does not agree between our books, a provider's and a bank's."""

from sqlalchemy import (
    BigInteger,
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

from core.database import metadata
from core.tables import key, micros, moment, recorded
from payouts.tables import payout, payout_run

payment_file = Table(
    "payment_file",
    metadata,
    key(),
    Column("run_id", BigInteger, ForeignKey(payout_run.c.id), nullable=False, unique=True),
    Column("format", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("payments", Integer, nullable=False),
    micros("total"),
    Column("made_by", Text, nullable=False),
    recorded("created_at"),
    CheckConstraint("format IN ('pain.001', 'pain.001.03', '1c')", "format"),
)

file_payment = Table(
    "file_payment",
    metadata,
    # No foreign keys: both were half of a file's time. Nobody may delete what they name; `payment_file_wrong` looks.
    Column("payout_id", BigInteger, primary_key=True, autoincrement=False),
    Column("file_id", BigInteger, nullable=False),
    Column("end_to_end", Text, nullable=False, unique=True, comment="how the payment is known in statements"),
    Index(None, "file_id"),
)

bank_statement = Table(
    "bank_statement",
    metadata,
    key(),
    Column("format", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    micros("opening", nullable=True),
    micros("closing", nullable=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("imported_by", Text, nullable=False),
    recorded("created_at"),
    CheckConstraint("format IN ('1c', 'camt.053')", "format"),
)

bank_line = Table(
    "bank_line",
    metadata,
    key(),
    Column("statement_id", BigInteger, ForeignKey(bank_statement.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column(
        "fingerprint",
        LargeBinary,
        nullable=False,
        unique=True,
        comment="the same line of two statements is one",
    ),
    Column("booked_on", Date, nullable=False),
    micros("amount", comment="from the bank account's view: out is negative"),
    Column("currency", Text, nullable=False),
    Column("reference", Text),
    Column("counterparty", Text),
    Column("purpose", Text),
    Column("payout_id", BigInteger, ForeignKey(payout.c.id)),
    Column("outcome", Text, nullable=False),
    Column("entry_id", BigInteger),
    Column("explained_by", Text, comment="who said what an unmatched line was"),
    Column("explanation", Text),
    UniqueConstraint("statement_id", "number"),
    CheckConstraint("outcome IN ('paid', 'returned', 'known', 'unmatched', 'explained')", "outcome"),
    Index("bank_line_unmatched_idx", "booked_on", postgresql_where="outcome = 'unmatched'"),
    Index("bank_line_payout_idx", "payout_id", postgresql_where="payout_id IS NOT NULL"),
)

difference = Table(
    "difference",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("currency", Text, nullable=False),
    micros("amount"),
    Column("detail", Text, nullable=False),
    moment("found_at"),
    moment("seen_at"),
    moment("resolved_at", nullable=True),
    Column("resolved_by", Text, comment="null: it was gone by itself"),
    Column("reason", Text),
    Index("difference_open_key", "kind", "subject", unique=True, postgresql_where="resolved_at IS NULL"),
)

withholding = Table(
    "withholding",
    metadata,
    key(),
    Column("tax_status", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("kind", Text, nullable=False, comment="names the tax account"),
    Column(
        "bands", Text, nullable=False, comment="JSON: [[most of the year's base in units or null, rate], ...]"
    ),
    Column("made_by", Text, nullable=False),
    recorded("created_at"),
    UniqueConstraint("tax_status", "currency", "valid_from"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("payout_id", BigInteger, ForeignKey(payout.c.id), primary_key=True),
    Column("number", Text, nullable=False),
    Column("link", Text),
    Column("recorded_by", Text, nullable=False),
    recorded(),
)
