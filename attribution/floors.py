"""Where the rows not yet handled begin, so that a job does not walk over all history to find a few new ones.

Ids of purchases and refunds commit in order (ingest hands them out under the lock on sales), so everything below the
first unhandled row stays handled. A floor is only raised to what earlier transactions wrote; a process that starts
anew begins at 0 and walks once.
"""

from typing import Any

from sqlalchemy.orm import Session

from core.database import sql

_floors: dict[tuple[str, str], int] = {}


def raise_floor(session: Session, statement: str, **values: Any) -> int:
    """The id below and at which nothing is left to do; `statement` answers the first id above it."""
    name = (
        session.get_bind().engine.url.render_as_string(hide_password=True),
        f"{statement} {sorted(values.items())}",
    )
    first = session.scalar(sql("attribution", statement), {**values, "floor": _floors.get(name, 0)})
    _floors[name] = max(_floors.get(name, 0), (first or 1) - 1)
    return _floors[name]
