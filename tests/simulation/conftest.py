"""The paths of the helpers, and a database for the seeds of a file."""

from collections.abc import Iterator

import pytest
import sim_paths  # noqa: F401
from sim_database import Database
from sim_seeds import database_of


@pytest.fixture(scope="module")
def seeds_database(template: str) -> Iterator[Database]:
    with database_of(template) as database:
        yield database
