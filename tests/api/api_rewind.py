"""Put a database back as it was: much faster than to clone and drop one for each test.

The owner does it with the tables' own triggers off, since history here is append-only for everyone.
"""

from functools import cache
from graphlib import TopologicalSorter

from sqlalchemy import Connection, Engine, create_engine, text

from attribution.floors import _floors

_TABLES = text(
    "SELECT c.relname AS name,"
    " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity = 'a') AS identity,"
    " ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
    "  AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,"
    " EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS guarded,"
    " ARRAY(SELECT f.relname::text FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid"
    "  WHERE k.conrelid = c.oid AND k.contype = 'f' AND f.oid <> c.oid) AS parents"
    " FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname"
)
_SEQUENCES = text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'")
_MANY = text("SELECT count(*) > 5000 FROM account")
_statements: dict[str, tuple[str, str]] = {}  # where few rows are to go, and where many


def keep(url: str) -> None:
    """Remember every row and every sequence."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA kept"))
        _statements[url] = _plan(connection)
    engine.dispose()


def _plan(connection: Connection) -> tuple[str, str]:
    tables = {row.name: row for row in connection.execute(_TABLES)}
    order = list(TopologicalSorter({name: row.parents for name, row in tables.items()}).static_order())
    guarded = [name for name in order if tables[name].guarded]
    for name in order:
        connection.execute(text(f'CREATE TABLE kept."{name}" AS TABLE public."{name}"'))
    begin = [f'ALTER TABLE public."{name}" DISABLE TRIGGER USER' for name in guarded]
    few = [f'DELETE FROM public."{name}"' for name in reversed(order)]
    many = ["TRUNCATE " + ", ".join(f'public."{name}"' for name in order)]
    refill = []
    for name in order:
        over = " OVERRIDING SYSTEM VALUE" if tables[name].identity else ""
        columns = ", ".join(tables[name].columns)  # those that are generated are generated again
        refill.append(f'INSERT INTO public."{name}" ({columns}){over} SELECT {columns} FROM kept."{name}"')
    refill += [f'ALTER TABLE public."{name}" ENABLE TRIGGER USER' for name in guarded]
    for row in connection.execute(_SEQUENCES):
        called = "true" if row.last_value else "false"
        refill.append(f"SELECT setval('public.\"{row.sequencename}\"', {row.last_value or 1}, {called})")
    return ";\n".join(begin + few + refill), ";\n".join(begin + many + refill)


@cache
def _owner(url: str) -> Engine:
    return create_engine(url, pool_size=1)


def restore(url: str) -> None:
    """Every row and every sequence as `keep` found them; what was added since is gone.

    Few rows are deleted, which is faster than to truncate a hundred tables. Many are truncated: a foreign key is asked
    once more for each row, and by whatever plan the server has for it, that may take hours.
    """
    with _owner(url).begin() as connection:
        many = connection.scalar(_MANY)
        connection.exec_driver_sql(_statements[url][bool(many)])
    _floors.clear()  # what this process knows of rows that it handled
