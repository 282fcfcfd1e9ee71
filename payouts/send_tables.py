"""How payouts go out: attempts at a provider, what the provider says of itself, reversals, sellers' top-ups."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.database import metadata
from core.tables import key, micros, moment, recorded, ref
from payouts.tables import payout

payout_attempt = Table(
    "payout_attempt",
    metadata,
    key(),
    Column("payout_id", BigInteger, ForeignKey(payout.c.id), nullable=False),
    Column("number", Integer, nullable=False, comment="from 1; a rejected attempt's successor is the next"),
    Column("key", Text, nullable=False, unique=True, comment="the provider's idempotency key"),
    Column("state", Text, nullable=False, server_default="ready"),
    Column(
        "fence",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="counts the claims; only the last may write",
    ),
    Column("worker", Text),
    moment("leased_until", nullable=True),
    moment("next_at", comment="not before then"),
    Column("calls", Integer, nullable=False, server_default="0"),
    moment("first_sent_at", nullable=True, comment="of the first call under the key, which ages from then"),
    Column("reference", Text, comment="the provider's id of what was confirmed"),
    Column("code", Text, comment="why it is unknown or was rejected"),
    Column("detail", Text),
    recorded("created_at"),
    moment("ended_at", nullable=True),
    UniqueConstraint("payout_id", "number"),
    CheckConstraint(
        "state IN ('ready', 'claimed', 'unknown', 'confirmed', 'rejected', 'withdrawn')", "state"
    ),
    CheckConstraint("(state IN ('ready', 'claimed', 'unknown')) = (ended_at IS NULL)", "ended"),
    Index(
        "payout_attempt_live_key",
        "payout_id",
        unique=True,
        postgresql_where="state IN ('ready', 'claimed', 'unknown')",
    ),
    Index("payout_attempt_ready_idx", "next_at", postgresql_where="state = 'ready'"),
    Index("payout_attempt_doubtful_idx", "next_at", postgresql_where="state IN ('claimed', 'unknown')"),
)

stripe_account = Table(
    "stripe_account",
    metadata,
    ref("creator", ForeignKey("creator.id"), primary_key=True),
    Column("account", Text, nullable=False, unique=True),
    Column("transfers", Text, nullable=False, server_default="inactive", comment="the capability's state"),
    Column("payouts_enabled", Boolean, nullable=False, server_default="false"),
    Column("disabled_reason", Text),
    Column("deleted", Boolean, nullable=False, server_default="false"),
    moment(
        "seen_at", nullable=True, comment="by the provider's clock; an older view never replaces a newer one"
    ),
    recorded("created_at"),
)

provider_event = Table(
    "provider_event",
    metadata,
    key(),
    Column("provider", Text, nullable=False),
    Column("event", Text, nullable=False, comment="the provider's id of it"),
    Column("type", Text, nullable=False),
    Column("account", Text, comment="the connected account it is about; null: ours"),
    Column("payload", JSONB, nullable=False),
    moment("occurred_at"),
    recorded("received_at"),
    Column("state", Text, nullable=False, server_default="new"),
    Column("note", Text, comment="why it was ignored or failed"),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("next_at", server_default=func.now()),
    UniqueConstraint("provider", "event"),
    CheckConstraint("state IN ('new', 'done', 'ignored', 'failed')", "state"),
    Index("provider_event_new_idx", "next_at", postgresql_where="state = 'new'"),
)

provider_poll = Table(
    "provider_poll",
    metadata,
    Column("provider", Text, primary_key=True),
    moment("polled_to", comment="events up to here were asked for, whatever webhooks brought"),
)

provider_payout = Table(
    "provider_payout",
    metadata,
    Column(
        "id", Text, primary_key=True, comment="the provider's payout from a connected account to its bank"
    ),
    Column("account", Text, nullable=False),
    Column(
        "amount",
        BigInteger,
        nullable=False,
        comment="in the provider's smallest unit; shown, moves no money here",
    ),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("failure", Text),
    moment("arrives_at", nullable=True),
    moment("seen_at", comment="by the provider's clock"),
    Index(None, "account", "seen_at"),
)

reversal = Table(
    "reversal",
    metadata,
    key(),
    Column("payout_id", BigInteger, ForeignKey(payout.c.id), nullable=False),
    micros("amount"),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False, server_default="asked"),
    Column("reference", Text),
    Column("detail", Text),
    moment("first_sent_at", nullable=True),
    moment("next_at", server_default=func.now()),
    recorded("created_at"),
    CheckConstraint("state IN ('asked', 'unknown', 'done', 'refused')", "state"),
    CheckConstraint("amount > 0", "amount"),
    Index("reversal_live_key", "payout_id", unique=True, postgresql_where="state IN ('asked', 'unknown')"),
)

top_up = Table(
    "top_up",
    metadata,
    key(),
    ref("seller", ForeignKey("seller.id")),
    micros("amount"),
    Column("currency", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("session", Text, unique=True, comment="the provider's checkout session"),
    Column("url", Text),
    Column("state", Text, nullable=False, server_default="open"),
    Column("asked_by", Text, nullable=False),
    Column("entry_id", BigInteger),
    recorded("created_at"),
    CheckConstraint("state IN ('open', 'paid', 'expired')", "state"),
    CheckConstraint("(state = 'paid') = (entry_id IS NOT NULL)", "entry"),
    CheckConstraint("amount > 0", "amount"),
    Index(None, "seller", "id"),
)
