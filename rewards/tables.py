"""Programs and what they owe: versions with rules, members, targets and rewards.

`reward_target` holds, for each rule and grain key, what is owed by the facts as they stand (`target`) and what the
ledger already holds (`posted`). `reward` is the append-only list of the differences that were posted.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref
from rewards.fund_tables import fund_line

program = Table(
    "program",
    metadata,
    ref("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    ref("fund", nullable=True, comment="null, with the line: the sellers pay"),
    ref("line", nullable=True),
    ref("policy", ForeignKey("policy.id")),
    Column("hold_days", Integer, nullable=False),
    Column("open", Text, nullable=False),
    Column("regions", ARRAY(Text), comment="who may join; null: everywhere"),
    Column("min_followers", BigInteger),
    Column("rollout_percent", Integer, comment="of the creators, the same ones as it grows"),
    Column("terms", Text, comment="the version that who joins accepts"),
    Column("rate_protection_days", Integer, nullable=False, server_default="0"),
    recorded("created_at"),
    ForeignKeyConstraint(["fund", "line"], [fund_line.c.fund, fund_line.c.id]),
    CheckConstraint("(fund IS NULL) = (line IS NULL)", "funding"),
    CheckConstraint("rollout_percent BETWEEN 0 AND 100", "rollout_percent"),
    CheckConstraint("rate_protection_days BETWEEN 0 AND 365", "rate_protection_days"),
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
    Column("proposed_by", Text, comment="asked to activate it; another person approves"),
    Column("activated_by", Text),
    moment("activated_at", nullable=True),
    recorded("created_at"),
    UniqueConstraint("program", "number"),
    CheckConstraint("state IN ('draft', 'proposed', 'active')", "state"),
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
    Column("amount", Text, comment="a formula; without it and without a pool the rule is rate protection"),
    micros("pool", nullable=True, comment="shared among the keys of a period by their weights"),
    Column("pool_per", Text),
    Column("weight", Text, comment="a formula"),
    Column("top", Integer),
    Column("on_shortfall", Text, nullable=False, server_default="wait"),
    UniqueConstraint("version_id", "name"),
    CheckConstraint(
        "grain IN ('sale', 'content_day', 'product_day', 'creator_day', 'creator_month')", "grain"
    ),
    CheckConstraint(
        "num_nonnulls(amount, pool) <= 1 AND (name = 'rate_protection') = (num_nonnulls(amount, pool) = 0)",
        "amount",
    ),
    CheckConstraint("num_nulls(pool, pool_per, weight) IN (0, 3) AND pool > 0 AND top > 0", "pool"),
    CheckConstraint("pool_per IN ('day', 'month')", "pool_per"),
    CheckConstraint("on_shortfall IN ('wait', 'prorate')", "on_shortfall"),
)

rule_cap = Table(
    "rule_cap",
    metadata,
    Column("rule_id", BigInteger, ForeignKey("rule.id"), nullable=False),
    Column("per", Text, nullable=False),
    micros("amount"),
    PrimaryKeyConstraint("rule_id", "per"),
    CheckConstraint("per IN ('creator_day', 'creator_month', 'program_day', 'program_month')", "per"),
    CheckConstraint("amount > 0", "amount"),
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
    Column("terms", Text, comment="the version that the creator accepted"),
    moment("terms_at", nullable=True),
    recorded("created_at"),
    recorded("updated_at"),
    UniqueConstraint("program", "creator"),
    CheckConstraint("state IN ('applied', 'invited', 'active', 'rejected', 'suspended', 'left')", "state"),
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
    Column(
        "rule_id",
        BigInteger,
        nullable=False,
        comment="no foreign key: rules are never deleted, and it costs a third",
    ),
    Column(
        "key",
        Text(collation="C"),
        nullable=False,
        comment="order/product/content, day/content, day/content/product, day/creator, month/creator; "
        "rate protection of sellers: day/creator/seller",
    ),
    ref("program"),
    ref("creator"),
    ref("content", nullable=True),
    ref("product", nullable=True),
    ref("seller", nullable=True, comment="who pays, where sellers do"),
    Column("purchase_id", BigInteger),
    Column("day", Date, nullable=False, comment="the earning day; of a month its last"),
    moment("occurred_at", comment="of a sale its purchase, else the start of the day: the order of caps"),
    micros("original", comment="by the formula; at sale grain before any refund"),
    micros("uncapped", comment="less what refunds took"),
    micros("target", comment="after caps: what is owed by the facts"),
    micros("cut", server_default="0", comment="taken off for good when its line fell short"),
    micros("cut_at", server_default="0", comment="the target then: a lower one bears its part of the cut"),
    Column(
        "due",
        BigInteger,
        Computed(
            "CASE WHEN shadow THEN 0 WHEN target >= cut_at THEN target - cut"
            " ELSE target - div(cut::numeric * target * 2 + cut_at, cut_at::numeric * 2)::bigint END",
            persisted=True,
        ),
        comment="the target less its cut; nothing where shadow",
    ),
    micros("posted", server_default="0"),
    Column("weight", Numeric, comment="in the pool that was split"),
    Column("clamped", Boolean, nullable=False),
    Column(
        "shadow",
        Boolean,
        nullable=False,
        server_default="false",
        comment="what an older version would owe, for rate protection; never posted",
    ),
    Column("whole", Boolean, nullable=False, server_default="false", comment="capped over all creators"),
    moment("matures_at", nullable=True, comment="fixed when the first line is posted"),
    recorded("updated_at"),
    UniqueConstraint("rule_id", "key"),
    CheckConstraint("cut BETWEEN 0 AND cut_at", "cut"),
    Index("reward_target_open_idx", "program", "day", "key", postgresql_where="due <> posted"),
    Index("reward_target_back_idx", "day", "key", postgresql_where="due < posted"),
    Index(
        "reward_target_seller_idx",
        "seller",
        "day",
        "key",
        postgresql_where="due <> posted AND seller IS NOT NULL",
    ),
    Index("reward_target_whole_idx", "rule_id", "day", postgresql_where="whole"),
    Index("reward_target_purchase_idx", "purchase_id", postgresql_where="purchase_id IS NOT NULL"),
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
    Column("entry_id", BigInteger, comment="null: it and its cut came to nothing, and no money moved"),
    Column("kind", Text, nullable=False, server_default="reward"),
    moment("matures_at"),
    Column("release_entry_id", BigInteger),
    moment(
        "released_at", nullable=True, comment="equal to recorded_at when it was posted straight to available"
    ),
    recorded(),
    CheckConstraint("amount <> 0", "amount"),
    CheckConstraint("kind IN ('reward', 'cut')", "kind"),
    Index(None, "creator", "id"),
    Index(None, "target_id"),
    Index("reward_waiting_idx", "matures_at", postgresql_where="released_at IS NULL"),
    Index("reward_waiting_creator_idx", "creator", "matures_at", postgresql_where="released_at IS NULL"),
)

changed_month = Table(
    "changed_month",
    metadata,
    Column("month", Date, nullable=False, comment="its first day"),
    ref("creator"),
    PrimaryKeyConstraint("month", "creator"),
)

pool_split = Table(
    "pool_split",
    metadata,
    Column("rule_id", BigInteger, ForeignKey("rule.id"), nullable=False),
    Column("period", Date, nullable=False, comment="its first day"),
    Column("keys", BigInteger, nullable=False, comment="that took part"),
    Column("weight", Numeric, nullable=False, comment="of them all"),
    micros("paid", comment="the pool, or nothing when nobody weighed"),
    recorded("split_at"),
    PrimaryKeyConstraint("rule_id", "period"),
)

backtest = Table(
    "backtest",
    metadata,
    key(),
    ref("program", ForeignKey("program.id")),
    Column("version", Integer, comment="null: rules that were only tried"),
    Column("rules", JSONB, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False, comment="its last day"),
    Column("result", JSONB, nullable=False),
    Column("asked_by", Text, nullable=False),
    recorded("created_at"),
    CheckConstraint("until >= since", "interval"),
    Index(None, "program", "id"),
)
