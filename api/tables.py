"""Keys of the callers and the answers kept for repeated requests."""

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from core.database import metadata
from core.tables import moment, recorded

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("subject", Text, comment="the creator or seller that the key speaks for"),
    Column("person", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    recorded("created_at"),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    CheckConstraint("role IN ('platform', 'operator', 'finance', 'seller', 'creator', 'auditor')", "role"),
    CheckConstraint("(role IN ('seller', 'creator')) = (subject IS NOT NULL)", "subject"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    recorded(),
    PrimaryKeyConstraint("caller", "key"),
)
