"""The books: accounts, entries, postings, balances.

Only the database functions `ledger_open` and `ledger_post` write here; the application's role may read. Amounts are
micros, signed, debit positive.
"""

from sqlalchemy import (
    BigInteger,
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
)

from core.database import metadata
from core.tables import key, micros, recorded

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
    CheckConstraint("posting_count >= 2", "postings"),
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
    PrimaryKeyConstraint("account_id", "version"),
    CheckConstraint("amount <> 0", "amount"),
    Index(None, "entry_id"),
)

balance = Table(
    "balance",
    metadata,
    Column("account_id", BigInteger, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    micros("balance", server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("normal", SmallInteger, nullable=False),
    micros("floor", nullable=True),
    CheckConstraint("floor IS NULL OR normal * balance >= floor", "floor"),
    # Half of a page is left free, so that a balance's next version stays on it and no index has to learn of it.
    postgresql_with={"fillfactor": 50},
)
