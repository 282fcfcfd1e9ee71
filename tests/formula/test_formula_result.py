"""From units to micros, in Decimal and in SQL."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Numeric, column, literal, select, values

from formula import clamped_sql, micros_sql, to_micros, units_sql

MOST = 10**18


@pytest.mark.parametrize(
    ("units", "micros", "clamped"),
    [
        ("0", 0, False),
        ("2.5", 2_500_000, False),
        ("0.0000005", 1, False),
        ("0.00000049999", 0, False),
        ("-0.0000004", 0, False),
        ("-0.0000005", 0, True),
        ("-3", 0, True),
        ("1000000000000", MOST, False),
        ("1000000000000.0000004", MOST, False),
        ("1000000000000.0000005", MOST, True),
        ("1E+900", MOST, True),
    ],
)
def test_to_micros(units: str, micros: int, clamped: bool) -> None:
    assert to_micros(Decimal(units)) == (micros, clamped)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.decimals(-(10**13), 10**13, places=12), min_size=1, max_size=100))
def test_sql_rounds_and_clamps_alike(db_engine: Engine, units: list[Decimal]) -> None:
    edges = [Decimal(edge).scaleb(-7) for edge in (-5, -4, 4, 5, 14, 15, 10**19, 10**19 + 4, 10**19 + 5)]
    given = [*edges, *units]
    table = values(column("place", Numeric()), column("units", Numeric()), name="given").data(
        list(enumerate(given))
    )
    both = select(micros_sql(table.c.units), clamped_sql(table.c.units)).order_by(table.c.place)
    with db_engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(both)] == [to_micros(unit) for unit in given]


def test_units_of_micros_are_exact(db_engine: Engine) -> None:
    with db_engine.connect() as connection:
        assert connection.scalar(select(units_sql(literal(MOST - 1)))) == Decimal("999999999999.999999")
