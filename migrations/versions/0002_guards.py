"""Guards: the books' functions and triggers, partitions of touches, what the application's role may do.

Written by hand, in `migrations/sql/`.
"""

from importlib.resources import files

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("ledger", "touch", "grants"):
        statements = files("migrations").joinpath("sql", f"0002_{name}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
