"""Column kinds that every package's tables share, and the service's own facts."""

from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Table, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP

from core.database import metadata


def ref(name: str, *args: Any, **options: Any) -> Column[str]:
    """A reference of the marketplace's, ordered by bytes whatever the database's collation."""
    return Column(name, Text(collation="C"), *args, **({"nullable": False} | options))


def key(name: str = "id") -> Column[int]:
    """Our BIGINT key."""
    return Column(name, BigInteger, Identity(always=True), primary_key=True)


def moment(name: str, **options: Any) -> Column[Any]:
    """A moment in time; `recorded_at` and the like default to the transaction's."""
    return Column(name, TIMESTAMP(timezone=True), **({"nullable": False} | options))


def recorded(name: str = "recorded_at") -> Column[Any]:
    """When we wrote the row."""
    return moment(name, server_default=func.now())


def micros(name: str, *args: Any, **options: Any) -> Column[int]:
    """An amount in micros."""
    return Column(name, BigInteger, *args, **({"nullable": False} | options))


# Facts about this installation that must never change once data depend on them (time zone, key fingerprint).
fact = Table("fact", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
