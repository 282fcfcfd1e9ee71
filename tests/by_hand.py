"""What somebody with the owner's rights can do to the books: no trigger and no foreign key stands in the way any more.

For a database that is the test's own and dropped after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

FREE = """
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT conrelid\\:\\:regclass AS name, conname FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'public'\\:\\:regnamespace AND conparentid = 0
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.name, each.conname); END LOOP;
    FOR each IN SELECT DISTINCT tgrelid\\:\\:regclass AS name FROM pg_trigger WHERE NOT tgisinternal
    LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', each.name); END LOOP;
END $$
"""
_SWITCH = """
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT DISTINCT tgrelid\\:\\:regclass AS name FROM pg_trigger WHERE NOT tgisinternal
    LOOP EXECUTE format('ALTER TABLE %s {} TRIGGER USER', each.name); END LOOP;
END $$
"""


@contextmanager
def unguarded(owner: Engine) -> Iterator[Connection]:
    """The owner's transaction in which the triggers of all tables are off; on again at its end."""
    with owner.begin() as connection:
        connection.execute(text(_SWITCH.format("DISABLE")))
        yield connection
        connection.execute(text(_SWITCH.format("ENABLE")))
