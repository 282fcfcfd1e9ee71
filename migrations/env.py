"""Alembic's environment: one transaction a migration, short lock waits, no time limit on statements.

The URL and the engine come from the caller (`kopeck migrate`, the tests, `alembic check`); a bare `alembic` command
takes the settings of the environment.
"""

import importlib

from alembic import context

from core.database import make_engine, metadata
from core.settings import load_settings

for module in (
    "core.tables", "catalog.tables", "ledger.tables", "attribution.tables", "rewards.tables", "bounties.tables", "payouts.tables",
    "payouts.send_tables", "payouts.bank_tables", "payouts.reconcile_tables", "api.tables", "jobs.tables",
):  # fmt: skip
    importlib.import_module(module)


def is_ours(_object: object, name: str | None, kind: str, reflected: bool, _compare: object) -> bool:
    """Partitions of `touch` are made by a function, not by a migration."""
    return not (kind == "table" and reflected and name and name.startswith("touch_"))


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        settings = load_settings()
        engine = make_engine(settings.database_url or "", settings.time_zone, role=None, statement_seconds=0)
        with engine.begin() as connection:
            migrate(connection)
    else:
        migrate(connection)


def migrate(connection: object) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, include_object=is_ours, compare_server_default=True
    )
    with context.begin_transaction():
        context.run_migrations()


run()
