"""Programs and what they owe: funds with lines, versions with rules, members, targets and rewards.

`reward_target` holds, for each rule and grain key, what is owed by the facts as they stand (`target`) and what the
ledger already holds (`posted`). `reward` is the append-only list of the differences that were posted.
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
    UniqueConstraint,
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
    micros(
        "deposited", server_default="0", comment="locked with the row, so that deposits never pass the budget"
    ),
    recorded("created_at"),
    CheckConstraint("deposited BETWEEN 0 AND budget", "budget"),
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

program = Table(
    "program",
    metadata,
    ref("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    ref("fund"),
    ref("line"),
    ref("policy", ForeignKey("policy.id")),
    Column("hold_days", Integer, nullable=False),
    Column("open", Text, nullable=False),
    recorded("created_at"),
    ForeignKeyConstraint(["fund", "line"], ["fund_line.fund", "fund_line.id"]),
    CheckConstraint("open IN ('applications', 'invite', 'all')", "open"),
    CheckConstraint("hold_days BETWEEN 0 AND 365", "hold_days"),
    Index(None, "fund", "line"),
)

program_version = Table(
    "program_version",
    metadata,
    key(),
    ref("program", ForeignKey("program.id")),
    Column("number", Integer, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("drafted_by", Text, nullable=False),
    Column("activated_by", Text),
    moment("activated_at", nullable=True),
    recorded("created_at"),
    UniqueConstraint("program", "number"),
    CheckConstraint("state IN ('draft', 'active')", "state"),
    Index(
        "program_version_active_key",
        "program",
        "effective_from",
        unique=True,
        postgresql_where="state = 'active'",
    ),
)

rule = Table(
    "rule",
    metadata,
    key(),
    Column("version_id", BigInteger, ForeignKey("program_version.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("grain", Text, nullable=False),
    Column("where", Text),
    Column("amount", Text, nullable=False),
    UniqueConstraint("version_id", "name"),
    CheckConstraint("grain IN ('sale', 'content_day', 'creator_day')", "grain"),
)

enrolment = Table(
    "enrolment",
    metadata,
    key(),
    ref("program", ForeignKey("program.id")),
    ref("creator", ForeignKey("creator.id")),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("decided_by", Text),
    recorded("created_at"),
    recorded("updated_at"),
    UniqueConstraint("program", "creator"),
    CheckConstraint("state IN ('applied', 'invited', 'active', 'rejected', 'suspended')", "state"),
    Index(None, "creator"),
)

membership = Table(
    "membership",
    metadata,
    key(),
    ref("program", ForeignKey("program.id")),
    ref("creator", ForeignKey("creator.id")),
    moment("since"),
    moment("until", nullable=True),
    Index("membership_standing_key", "program", "creator", unique=True, postgresql_where="until IS NULL"),
    Index(None, "program", "creator", "since"),
    CheckConstraint("until >= since", "interval"),
)

reward_target = Table(
    "reward_target",
    metadata,
    key(),
    Column("rule_id", BigInteger, ForeignKey("rule.id"), nullable=False),
    Column(
        "key",
        Text(collation="C"),
        nullable=False,
        comment="order/product/content, day/content or day/creator",
    ),
    ref("program"),
    ref("creator"),
    ref("content", nullable=True),
    Column("purchase_id", BigInteger),
    Column("day", Date, nullable=False, comment="the earning day"),
    micros("original", comment="by the formula; at sale grain before any refund"),
    micros("target"),
    micros("posted", server_default="0"),
    Column("clamped", Boolean, nullable=False),
    moment("matures_at", nullable=True, comment="fixed when the first line is posted"),
    recorded("updated_at"),
    UniqueConstraint("rule_id", "key"),
    Index("reward_target_open_idx", "program", "day", "key", postgresql_where="target <> posted"),
    Index(None, "purchase_id"),
    Index(None, "creator", "day"),
)

reward = Table(
    "reward",
    metadata,
    key(),
    Column("target_id", BigInteger, nullable=False),
    ref("creator"),
    ref("program"),
    Column("day", Date, nullable=False),
    micros("amount"),
    Column("currency", Text, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    moment("matures_at"),
    Column("release_entry_id", BigInteger),
    moment(
        "released_at", nullable=True, comment="equal to recorded_at when it was posted straight to available"
    ),
    recorded(),
    CheckConstraint("amount <> 0", "amount"),
    Index(None, "creator", "id"),
    Index(None, "target_id"),
    Index(None, "entry_id"),
    Index("reward_waiting_idx", "matures_at", postgresql_where="released_at IS NULL"),
    Index("reward_waiting_creator_idx", "creator", "matures_at", postgresql_where="released_at IS NULL"),
)
