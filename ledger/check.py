"""What a check is: a query over the whole books that must return nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from ledger.finding import Finding

LIMIT = 100  # findings of one check; what is new comes before what somebody has acknowledged


@dataclass(frozen=True, slots=True)
class Check:
    """`<package>/sql/check_<name>.sql` answers (subject, detail) of what is wrong.

    The detail of a fault must not change while the books go on: what was acknowledged would be found as new. `halts`:
    a finding stops payouts. `find`: a function, where SQL is not enough.
    """

    name: str
    about: str
    package: str = "ledger"
    halts: bool = True
    find: Callable[[Session], Sequence[Finding]] | None = None

    def findings(self, session: Session, limit: int = LIMIT) -> list[Finding]:
        """At most `limit` findings of this check."""
        if self.find is not None:
            return list(self.find(session))[:limit]
        query = text(_NEW_FIRST.format(query=sql(self.package, f"check_{self.name}").text))
        rows = session.execute(query, {"check": self.name, "limit": limit})
        return [Finding(self.name, row.subject, row.detail, self.halts) for row in rows]


_NEW_FIRST = """
SELECT wrong.subject, wrong.detail FROM (
{query}
) wrong
LEFT JOIN finding f ON f."check" = :check AND f.subject = wrong.subject AND f.detail = wrong.detail
ORDER BY f.acknowledged_at NULLS FIRST, wrong.subject LIMIT :limit"""
