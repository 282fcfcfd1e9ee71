"""Funds: pots with a budget, their lines, and every way in which money moves among them; sellers' deposits.

What a fund or a line holds stands in the ledger alone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref

fund = Table(
    "fund",
    metadata,
    ref("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    micros("budget"),
    recorded("created_at"),
    CheckConstraint("budget > 0", "budget"),
)

deposit = Table(
    "deposit",
    metadata,
    key(),
    ref("fund", ForeignKey("fund.id")),
    micros("amount"),
    Column("reference", Text),
    Column("made_by", Text, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    recorded("created_at"),
    Index(None, "fund", "id"),
)

fund_line = Table(
    "fund_line",
    metadata,
    ref("fund", ForeignKey("fund.id")),
    ref("id"),
    Column("purpose", Text, nullable=False),
    micros("allocation"),
    Column("per", Text, nullable=False),
    Column("rollover", Boolean, nullable=False),
    recorded("created_at"),
    PrimaryKeyConstraint("fund", "id"),
    CheckConstraint("per IN ('once', 'day', 'month')", "per"),
    CheckConstraint("allocation > 0", "allocation"),
)

allocation = Table(
    "allocation",
    metadata,
    ref("fund"),
    ref("line"),
    Column("period", Date, nullable=False, comment="first day of the period"),
    micros("due"),
    micros("given", comment="less than due while the fund's unallocated money falls short"),
    micros("returned", nullable=True, comment="unspent, taken back when the period ended; null: not ended"),
    recorded(),
    PrimaryKeyConstraint("fund", "line", "period"),
    ForeignKeyConstraint(["fund", "line"], ["fund_line.fund", "fund_line.id"]),
    CheckConstraint("given BETWEEN 0 AND due", "given"),
)

fund_transfer = Table(
    "fund_transfer",
    metadata,
    key(),
    ref("fund"),
    ref("source"),
    ref("target"),
    micros("amount"),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("proposed_by", Text, nullable=False),
    Column("decided_by", Text),
    moment("decided_at", nullable=True),
    Column("entry_id", BigInteger),
    recorded("created_at"),
    ForeignKeyConstraint(["fund", "source"], ["fund_line.fund", "fund_line.id"]),
    ForeignKeyConstraint(["fund", "target"], ["fund_line.fund", "fund_line.id"]),
    CheckConstraint("state IN ('proposed', 'done', 'declined')", "state"),
    CheckConstraint("(state = 'done') = (entry_id IS NOT NULL)", "entry"),
    CheckConstraint("amount > 0 AND source <> target", "amount"),
    Index(None, "fund", "id"),
)

fund_grant = Table(
    "fund_grant",
    metadata,
    key(),
    ref("fund"),
    ref("line"),
    ref("creator", ForeignKey("creator.id")),
    micros("amount"),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("proposed_by", Text, nullable=False),
    Column("decided_by", Text),
    moment("decided_at", nullable=True),
    Column("entry_id", BigInteger),
    recorded("created_at"),
    ForeignKeyConstraint(["fund", "line"], ["fund_line.fund", "fund_line.id"]),
    CheckConstraint("state IN ('proposed', 'done', 'declined')", "state"),
    CheckConstraint("(state = 'done') = (entry_id IS NOT NULL)", "entry"),
    CheckConstraint("amount > 0", "amount"),
    Index(None, "fund", "line", "id"),
    Index(None, "creator"),
)

fund_warning = Table(
    "fund_warning",
    metadata,
    ref("fund"),
    ref("line"),
    Column("period", Date, nullable=False, comment="first day of the allocation's period"),
    Column("percent", Integer, nullable=False, comment="of what the line was given that is spent"),
    recorded("warned_at"),
    PrimaryKeyConstraint("fund", "line", "period", "percent"),
    ForeignKeyConstraint(["fund", "line"], ["fund_line.fund", "fund_line.id"]),
)

seller_deposit = Table(
    "seller_deposit",
    metadata,
    key(),
    ref("seller", ForeignKey("seller.id")),
    micros("amount"),
    Column("currency", Text, nullable=False),
    Column("reference", Text),
    Column("made_by", Text, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    recorded("created_at"),
    CheckConstraint("amount > 0", "amount"),
    Index(None, "seller", "id"),
)
