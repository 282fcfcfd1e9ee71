"""What each reconciliation saw: one row a currency and run, from which the page of the reconciliation is made."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Table, Text

from core.database import metadata
from core.tables import key, micros, moment

reconciliation = Table(
    "reconciliation",
    metadata,
    key(),
    moment("at"),
    Column("since", Date, nullable=False, comment="payouts sent and transfers made from this day on"),
    Column("currency", Text, nullable=False),
    Column("complete", Boolean, nullable=False, comment="the provider's transfers were there to compare"),
    micros("ledger", comment="sent by Stripe and by bank files, by our books, less what came back"),
    micros("provider", nullable=True, comment="the same by Stripe's transfers; null: not asked or no answer"),
    micros("bank", comment="the same by the statements' lines"),
    Column("payouts", BigInteger, nullable=False, comment="how many were compared"),
    Column("statement_id", BigInteger, comment="the last bank statement that was there"),
    Index(None, "at"),
)
