"""Two hundred seeds, half of them here, half in test_simulation_more, so that two workers share them; and every seed
that failed once."""

import pytest
from sim_database import Database
from sim_program import run_seed
from sim_seeds import BLOCK, regressions, run_block


@pytest.mark.parametrize("seed", regressions())
def test_what_failed_once(seeds_database: Database, seed: int) -> None:
    run_seed(seeds_database, seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 101, BLOCK))
def test_seeds(seeds_database: Database, first: int) -> None:
    run_block(seeds_database, first)
