"""The books: accounts, entries, postings, balances; and what proves them: closings, watermarks, seals, findings.

Only the database functions `ledger_open` and `ledger_post` write to the books; the application's role may read. Amounts
are micros, signed, debit positive. An `xid` is a transaction's id that goes on rising when the books move to another
cluster: the cluster's own 64-bit one plus the offset of its `epoch`.
"""

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
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.database import metadata
from core.tables import key, micros, moment, recorded

account_kind = Table(
    "account_kind",
    metadata,
    Column("pattern", Text, primary_key=True, comment="of account codes: the chart of accounts"),
    Column("prefix", Text, nullable=False, comment="what every such code starts with; it saves comparisons"),
    Column("normal", SmallInteger, nullable=False),
    micros("floor", nullable=True),
    CheckConstraint("normal IN (1, -1)", "normal"),
)

account = Table(
    "account",
    metadata,
    key(),
    Column("code", Text(collation="C"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("normal", SmallInteger, nullable=False, comment="1 debit-normal, -1 credit-normal"),
    micros("floor", nullable=True, comment="natural balance below which the account never goes"),
    recorded(),
    UniqueConstraint("code", "currency"),
    CheckConstraint("normal IN (1, -1)", "normal"),
)

entry = Table(
    "entry",
    metadata,
    key(),
    Column("key", Text(collation="C"), nullable=False, unique=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("effective_on", Date, nullable=False, comment="the day that the fact belongs to"),
    Column("booked_on", Date, nullable=False, comment="the day of the books that holds it"),
    Column("note", Text),
    Column("posting_count", Integer, nullable=False),
    recorded(),
    Column(
        "xid",
        BigInteger,
        nullable=False,
        comment="of the transaction that posted it; 0: before there were seals",
    ),
    Column("corrects", BigInteger, ForeignKey("entry.id"), comment="the entry that this one puts right"),
    CheckConstraint("posting_count >= 2", "postings"),
    Index(None, "xid"),
    Index(None, "corrects", postgresql_where=text("corrects IS NOT NULL")),
    Index("entry_reversal_key", "corrects", unique=True, postgresql_where=text("kind = 'reversal'")),
)

# No foreign keys here: the statement-level trigger checks accounts and entries set-wise at a fraction of the cost.
posting = Table(
    "posting",
    metadata,
    Column("account_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False, comment="1, 2, 3 … without a gap in each account"),
    Column("entry_id", BigInteger, nullable=False),
    micros("amount"),
    micros("balance", comment="of the account after this posting"),
    Column("booked_on", Date, nullable=False),
    Column(
        "latest_on", Date, nullable=False, comment="the latest booked_on of the account up to this version"
    ),
    PrimaryKeyConstraint("account_id", "version"),
    CheckConstraint("amount <> 0", "amount"),
    # What was booked on an earlier day than something before it: few, and all that a past day's balance must add up.
    Index("posting_late_idx", "account_id", "version", postgresql_where=text("booked_on < latest_on")),
    # Postings lie in the order of their entries, so a summary every 32 pages finds them, and costs a post nothing.
    Index(
        None,
        "entry_id",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": True},
    ),
)

balance = Table(
    "balance",
    metadata,
    Column("account_id", BigInteger, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    micros("balance", server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("normal", SmallInteger, nullable=False),
    micros("floor", nullable=True),
    Column("latest_on", Date, nullable=False, server_default="-infinity"),
    CheckConstraint("floor IS NULL OR normal * balance >= floor", "floor"),
    # Half of a page is left free, so that a balance's next version stays on it and no index has to learn of it.
    postgresql_with={"fillfactor": 50},
)

epoch = Table(
    "epoch",
    metadata,
    key("n"),
    Column(
        "system_identifier",
        BigInteger,
        nullable=False,
        comment="of the PostgreSQL cluster that held the books",
    ),
    Column("xid_offset", BigInteger, nullable=False),
    recorded("began_at"),
)

watermark = Table(
    "watermark",
    metadata,
    key("n"),
    moment("taken_at"),
    Column("xid_offset", BigInteger, nullable=False),
    Column(
        "snapshot",
        Text,
        nullable=False,
        comment="which transactions were visible: a pg_snapshot of that epoch",
    ),
    Column("below_xid", BigInteger, nullable=False, comment="every transaction below it had ended"),
    Index(None, "taken_at"),
)

period_close = Table(
    "period_close",
    metadata,
    Column("through", Date, primary_key=True, comment="the last day of the closed period"),
    Column("period", Text, nullable=False, unique=True, comment="2026-10 or 2026-10-31"),
    Column("last_entry", BigInteger, nullable=False, comment="no entry above it is booked by then"),
    Column("closed_by", Text, nullable=False),
    moment("closed_at"),
)

seal_key = Table(
    "seal_key",
    metadata,
    Column("id", Text, primary_key=True, comment="the first 16 hex digits of the public key's SHA-256"),
    Column("public_key", LargeBinary, nullable=False, comment="32 bytes of Ed25519"),
    Column("endorsed_by", Text, ForeignKey("seal_key.id"), comment="the key before it"),
    Column("endorsement", LargeBinary, comment="that key's signature over this public key"),
    recorded(),
    CheckConstraint("(endorsed_by IS NULL) = (endorsement IS NULL)", "endorsement"),
)

seal = Table(
    "seal",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False, comment="1, 2, 3 … without a gap"),
    Column(
        "from_xid", BigInteger, nullable=False, unique=True, comment="the seal holds the entries from here"
    ),
    Column("below_xid", BigInteger, nullable=False, comment="to below here, by entry id"),
    Column(
        "above_xid", BigInteger, nullable=False, comment="no xid from here on had begun when it was sealed"
    ),
    Column(
        "last_entry", BigInteger, nullable=False, comment="the greatest entry id of this and all seals before"
    ),
    Column("entries", Integer, nullable=False),
    Column("postings", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column(
        "previous", LargeBinary, nullable=False, comment="the hash of the seal before; zeros for the first"
    ),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("key_id", Text, ForeignKey("seal_key.id"), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    moment("sealed_at"),
    Column(
        "leaves",
        LargeBinary,
        nullable=False,
        comment="for each entry its id (8 bytes) and leaf hash (32 bytes)",
    ),
    CheckConstraint("from_xid < below_xid", "range"),
    CheckConstraint("octet_length(leaves) = 40 * entries", "leaves"),
)

verify_run = Table(
    "verify_run",
    metadata,
    key(),
    moment("started_at"),
    moment("finished_at"),
    Column("checks", JSONB, nullable=False, comment="findings by the name of each check that ran"),
)

finding = Table(
    "finding",
    metadata,
    key(),
    Column(
        "run_id",
        BigInteger,
        ForeignKey("verify_run.id"),
        nullable=False,
        comment="the run that first found it",
    ),
    Column("check", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("halts", Boolean, nullable=False, comment="stops payouts until it is acknowledged"),
    recorded("found_at"),
    moment("acknowledged_at", nullable=True),
    Column("acknowledged_by", Text),
    Column("reason", Text),
    UniqueConstraint("check", "subject", "detail"),
    CheckConstraint("num_nulls(acknowledged_at, acknowledged_by, reason) IN (0, 3)", "acknowledged"),
    Index("finding_halting_idx", "id", postgresql_where=text("halts AND acknowledged_at IS NULL")),
)

adjustment = Table(
    "adjustment",
    metadata,
    key(),
    Column("currency", Text, nullable=False),
    Column("postings", JSONB, nullable=False, comment="[[account, micros], …], debit positive"),
    micros("amount", comment="the sum of its debits"),
    Column("effective_on", Date, nullable=False),
    Column("corrects", BigInteger, ForeignKey("entry.id")),
    Column("reversal", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    moment("proposed_at"),
    Column("decided_by", Text),
    moment("decided_at", nullable=True),
    Column("decision", Text, comment="why it was rejected"),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), unique=True),
    CheckConstraint("state IN ('proposed', 'posted', 'rejected')", "state"),
    CheckConstraint("(state = 'posted') = (entry_id IS NOT NULL)", "posted"),
)
