"""A row that a set-based step left out, and the search for references that nothing stands behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ARRAY, ColumnElement, Table, Text, any_, literal, select
from sqlalchemy.orm import Session

from core.errors import Invalid, KopeckError, Refused

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rejected:
    """Row `index` of those that were handed in was not written. A pointer names the field that is to blame."""

    index: int
    code: str
    detail: str
    pointer: str | None = None

    def as_error(self) -> KopeckError:
        """What a single upsert raises for it."""
        if self.pointer:
            return Invalid(self.code, self.detail, pointer=self.pointer)
        return Refused(self.code, self.detail)


def unknown(session: Session, table: Table, ids: Iterable[str]) -> set[str]:
    """Which of `ids` the table does not hold. Catalog rows are never taken away, so a known one stays known."""
    wanted = set(ids)
    return wanted - set(session.scalars(select(table.c.id).where(among(table, wanted)))) if wanted else set()


def among(table: Table, ids: Iterable[str]) -> ColumnElement[bool]:
    """The rows with these references: one array, where `in_` would make a parameter of each."""
    return table.c.id == any_(literal(list(ids), ARRAY(Text)))


def unknown_reference(index: int, what: str, ref: str, pointer: str) -> Rejected:
    return Rejected(index, "unknown_reference", f"The catalog knows no {what} {ref}.", pointer)


def accepted(rows: Iterable[T], rejected: Iterable[Rejected]) -> list[T]:
    """The rows that were not rejected, in their order."""
    out = {item.index for item in rejected}
    return [row for index, row in enumerate(rows) if index not in out]
