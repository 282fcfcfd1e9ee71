"""Bounties and their claims. What a claim may still need stays in escrow; `funded = released + returned + held`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref


def _zero(name: str, comment: str | None = None) -> Column[int]:
    return micros(name, server_default="0", comment=comment)


def _count(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=str(default))


bounty_fee = Table(
    "bounty_fee",
    metadata,
    key(),
    Column("currency", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("rate", Integer, nullable=False, comment="millionths of the price"),
    micros("minimum"),
    Column("set_by", Text, nullable=False),
    recorded("created_at"),
    UniqueConstraint("currency", "effective_from"),
    CheckConstraint("rate BETWEEN 0 AND 1000000 AND minimum >= 0", "terms"),
)

bounty = Table(
    "bounty",
    metadata,
    key(),
    ref("seller", ForeignKey("seller.id")),
    ref("product", ForeignKey("product.id")),
    Column("category", Text, nullable=False, comment="the product's, when it was last edited"),
    Column("title", Text, nullable=False),
    Column("brief", Text, nullable=False),
    Column("currency", Text, nullable=False),
    micros("price"),
    Column("slots", Integer, nullable=False),
    moment("deadline", comment="it closes then; later submissions are of claims made before"),
    moment("opens_at", nullable=True),
    _count("submit_hours", 168),
    _count("review_hours", 72),
    _count("rounds", 2),
    Column("regions", ARRAY(Text), comment="null: any"),
    _count("min_followers"),
    Column("categories", ARRAY(Text), comment="the creator has tagged a product of one; null: any"),
    Column("invited", ARRAY(Text(collation="C")), comment="creators; null: anybody"),
    Column("bonus_formula", Text),
    _count("bonus_days"),
    _zero("bonus_max"),
    _count("fee_rate"),
    _zero("fee_minimum"),
    _zero("fee", "of a slot, as it is escrowed"),
    Column("token_required", Boolean, nullable=False, server_default="false"),
    Column("contract", Text, comment="the advertiser's, for the advertising register"),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("problem", Text, comment="why it did not open at opens_at"),
    Column("taken", Integer, nullable=False, server_default="0", comment="slots that are not free"),
    Column("escrow", Text, comment="the account of its money, since it opened"),
    _zero("funded"),
    _zero("released", "to creators and fees"),
    _zero("returned", "to the seller"),
    Column("moves", Integer, nullable=False, server_default="0", comment="numbers the entries by the seller"),
    recorded("created_at"),
    recorded("updated_at"),
    moment("opened_at", nullable=True),
    moment("closed_at", nullable=True),
    moment("ended_at", nullable=True),
    CheckConstraint("state IN ('draft', 'open', 'closed', 'settled', 'cancelled')", "state"),
    CheckConstraint("price > 0 AND slots BETWEEN 1 AND 10000 AND taken BETWEEN 0 AND slots", "slots"),
    CheckConstraint(
        "(bonus_formula IS NULL) = (bonus_max = 0) AND (bonus_max = 0) = (bonus_days = 0)", "bonus"
    ),
    CheckConstraint("funded >= released + returned", "escrow"),
    CheckConstraint("state NOT IN ('settled', 'cancelled') OR funded = released + returned", "ended"),
    Index(None, "seller", "id"),
    Index("bounty_opens_idx", "opens_at", postgresql_where="state = 'draft' AND opens_at IS NOT NULL"),
    Index("bounty_deadline_idx", "deadline", postgresql_where="state = 'open'"),
    # What is asked for of open ones stands in the keys, so that a question that few or none fit reads no rows.
    Index("bounty_open_idx", "id", "deadline", postgresql_where="state = 'open' AND taken < slots"),
    Index(
        "bounty_open_category_idx",
        "category",
        "id",
        "deadline",
        postgresql_where="state = 'open' AND taken < slots",
    ),
    Index(
        "bounty_open_currency_idx",
        "currency",
        "id",
        "price",
        "deadline",
        postgresql_where="state = 'open' AND taken < slots",
    ),
)

claim = Table(
    "claim",
    metadata,
    key(),
    Column("bounty_id", BigInteger, ForeignKey("bounty.id"), nullable=False),
    ref("creator", ForeignKey("creator.id")),
    Column("state", Text, nullable=False, server_default="claimed"),
    moment("due_at", nullable=True, comment="when time makes the next move"),
    ref("content", ForeignKey("content.id"), nullable=True),
    Column("token", Text, comment="the advertising token (erid) of the content"),
    _count("rounds"),
    Column("reason", Text, comment="the last word of who reviewed or disputed"),
    Column("decided_by", Text, comment="null and decided: time did"),
    moment("submitted_at", nullable=True),
    moment("decided_at", nullable=True),
    _zero("price", "what it was paid"),
    _zero("fee"),
    Column("bonus_state", Text, nullable=False, server_default="none"),
    Column("bonus_from", Date),
    Column("bonus_until", Date, comment="the last day that counts"),
    _zero("bonus"),
    moment("bonus_at", nullable=True, comment="when it was settled"),
    recorded("created_at"),
    recorded("updated_at"),
    moment("ended_at", nullable=True, comment="nothing moves any more but a bonus"),
    CheckConstraint(
        "state IN ('claimed', 'submitted', 'changes_requested', 'disputed', 'approved', 'rejected', 'split',"
        " 'withdrawn', 'expired')",
        "state",
    ),
    CheckConstraint("bonus_state IN ('none', 'waiting', 'settled')", "bonus"),
    CheckConstraint(
        "state IN ('approved', 'split') OR price = 0 AND fee = 0 AND bonus_state = 'none'", "paid"
    ),
    Index(
        "claim_standing_key",
        "bounty_id",
        "creator",
        unique=True,
        postgresql_where="state NOT IN ('withdrawn', 'expired')",
    ),
    Index(
        "claim_content_key",
        "bounty_id",
        "content",
        unique=True,
        postgresql_where="content IS NOT NULL AND state NOT IN ('withdrawn', 'expired')",
    ),
    Index(None, "bounty_id", "id"),
    Index(None, "creator", "id"),
    Index("claim_due_idx", "due_at", postgresql_where="due_at IS NOT NULL"),
    Index("claim_bonus_idx", "bonus_until", postgresql_where="bonus_state = 'waiting'"),
    Index("claim_unsettled_idx", "bounty_id", postgresql_where="ended_at IS NULL OR bonus_state = 'waiting'"),
)

claim_move = Table(
    "claim_move",
    metadata,
    key(),
    Column("claim_id", BigInteger, ForeignKey("claim.id"), nullable=False),
    Column("verb", Text, nullable=False),
    Column("who", Text, nullable=False, comment="creator, seller, operator or time"),
    Column("person", Text),
    Column("state", Text, nullable=False, comment="that it led to"),
    Column("reason", Text),
    ref("content", nullable=True),
    moment("at"),
    Index(None, "claim_id", "id"),
)

seller_withdrawal = Table(
    "seller_withdrawal",
    metadata,
    key(),
    ref("seller", ForeignKey("seller.id")),
    micros("amount", CheckConstraint("amount > 0", "amount")),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="requested"),
    Column("requested_by", Text, nullable=False),
    Column("settled_by", Text),
    Column("reference", Text),
    recorded("created_at"),
    moment("settled_at", nullable=True),
    CheckConstraint("state IN ('requested', 'paid', 'failed', 'returned')", "state"),
    Index(None, "seller", "id"),
)
