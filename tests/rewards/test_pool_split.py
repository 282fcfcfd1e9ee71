"""The split itself: exact, by largest remainder, the same whenever it is done. SAFETY L19."""

import json
import random
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pool_world import Weights, split_model
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from core.database import sql, transaction
from rewards.pool_weigh import pool_key, shares

ENDLESS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def split_by_sql(session: Session, pool: int, weights: Weights) -> dict[str, int]:
    pool_key.create(session.connection(), checkfirst=True)
    session.execute(pool_key.delete())
    rows = [{"period": date(2026, 11, 1), "key": key, "weight": weight} for key, weight in weights.items()]
    session.execute(insert(pool_key), rows)
    part = shares(pool)
    return {row.key: row.share for row in session.execute(select(part.c.key, part.c.share))}


WEIGHTS = st.one_of(
    st.integers(1, 5).map(Decimal),
    st.decimals("0.000000000001", "1000", places=12),
    st.integers(1, 10**30).map(Decimal),
    st.decimals("0.01", "99.99", places=2),
).filter(lambda weight: weight > 0)
KEYS = st.text("aAbBzZ0-9_./", min_size=1, max_size=6)


@ENDLESS
@given(st.integers(1, 10**18), st.dictionaries(KEYS, WEIGHTS, min_size=1, max_size=30))
def test_shares_are_those_of_the_model_and_sum_to_the_pool(
    engine: Engine, pool: int, weights: dict[str, Decimal]
) -> None:
    with transaction(engine) as session:
        found = split_by_sql(session, pool, weights)  # type: ignore[arg-type]
    assert found == split_model(pool, {key: Fraction(weight) for key, weight in weights.items()})
    assert sum(found.values()) == pool


def test_l19_three_parts_of_a_hundred_and_of_a_kopeck(engine: Engine) -> None:
    thirds = {"b": 1, "a": 1, "c": 1}
    with transaction(engine) as session:
        assert split_by_sql(session, 100_000_000, thirds) == {
            "a": 33_333_334,
            "b": 33_333_333,
            "c": 33_333_333,
        }
        assert split_by_sql(session, 10_000, thirds) == {"a": 3_334, "b": 3_333, "c": 3_333}
        assert split_by_sql(session, 2, thirds) == {"a": 1, "b": 1, "c": 0}


def test_l19_ten_thousand_random_splits_twice(engine: Engine) -> None:
    chance = random.Random(19)
    pools = [chance.choice((1, 10_000, 100_000_000, chance.randrange(1, 10**15))) for _ in range(10_000)]
    weights = [
        [chance.randrange(1, 10 ** chance.randrange(1, 9)) for _ in range(chance.randrange(1, 9))]
        for _ in pools
    ]
    one = sql("rewards", "pool_shares").text.replace("CAST(:pool AS numeric)", "s.pool")
    statement = text(f"""
        SELECT s.n, array_agg(x.share ORDER BY x.key) FROM unnest(CAST(:pools AS numeric[])) WITH ORDINALITY AS s (pool, n),
        LATERAL (WITH pool_key AS (
            SELECT date '2026-11-01' AS period, lpad(w.i::text, 3, '0') AS key, NULL AS creator, NULL AS content, NULL AS product,
                NULL AS purchase_id, NULL AS occurred_at, w.weight::numeric
            FROM jsonb_array_elements_text(CAST(:weights AS jsonb) -> (s.n - 1)::integer) WITH ORDINALITY AS w (weight, i)
        ) {one}) x GROUP BY s.n ORDER BY s.n""")
    asked = {"pools": pools, "weights": json.dumps(weights)}
    with transaction(engine) as session:
        first, second = ([row[1] for row in session.execute(statement, asked)] for _ in range(2))
    assert first == second
    assert [sum(parts) for parts in first] == pools
    keyed = [{f"{i:03}": weight for i, weight in enumerate(each, 1)} for each in weights]
    model = [split_model(pool, each) for pool, each in zip(pools, keyed, strict=True)]
    assert first == [[parts[key] for key in sorted(parts)] for parts in model]


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in json.loads((shared / "vectors" / "published.json").read_text())}


def test_published_splits_as_pools(engine: Engine, vectors: dict[str, dict[str, Any]]) -> None:
    """What other systems publish as their own examples; keys in their order, so that ties are theirs."""
    asked = []
    for name in ("E1.0", "E1.1", "E1.5", "E4.0", "E6"):
        given, published = vectors[name]["input"], vectors[name]["published_output"]
        weights = [int(weight) for weight in given["weights"]]
        total = min(given["total_minor"], sum(weights)) if given.get("cap_at_sum") else given["total_minor"]
        asked.append((name, total, weights, published))
    linear, position = vectors["C2"], vectors["C3"]
    n = linear["input"]["n"]
    asked.append(("C2", linear["input"]["total"], [1] * n, linear["published_output"]))
    middle = position["input"]["n"] - 2
    by_place = [40 * middle, *[20] * middle, 40 * middle]
    asked.append(("C3", position["input"]["total"], by_place, position["published_output"]))
    with transaction(engine) as session:
        for name, total, weights, published in asked:
            found = split_by_sql(session, total, {f"{i:02}": weight for i, weight in enumerate(weights)})
            assert [found[key] for key in sorted(found)] == published, name
