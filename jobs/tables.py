"""What the scheduler did, and when it last breathed."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from core.database import metadata
from core.tables import key, moment, recorded

job_run = Table(
    "job_run",
    metadata,
    key(),
    Column("job", Text, nullable=False),
    Column("period", Text, nullable=False, comment="what the run stands for; a job runs once in each"),
    Column("state", Text, nullable=False, server_default="running"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    recorded("started_at"),
    recorded("alive_at"),
    moment("finished_at", nullable=True),
    Column("result", JSONB),
    Column("error", Text),
    UniqueConstraint("job", "period"),
    CheckConstraint("state IN ('running', 'done', 'failed')", "state"),
    Index(None, "started_at"),
    Index(None, "job", "started_at"),
    Index("job_run_open_idx", "job", postgresql_where="state <> 'done'"),
)

scheduler = Table(
    "scheduler",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    recorded("ticked_at"),
)
