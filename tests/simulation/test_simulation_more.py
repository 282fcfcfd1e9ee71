"""The other hundred seeds."""

import pytest
from sim_database import Database
from sim_seeds import BLOCK, run_block


@pytest.mark.slow
@pytest.mark.parametrize("first", range(101, 201, BLOCK))
def test_more_seeds(seeds_database: Database, first: int) -> None:
    run_block(seeds_database, first)
