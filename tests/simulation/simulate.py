"""`make simulate SEEDS=1000 FIRST=1`: run seeds and print each that fails, with its last operations.

The database is that of KOPECK_DATABASE_URL, in which databases of its own are made, or one that is started for it.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import CRITICAL

import sim_paths  # noqa: F401
import structlog
from scratch import scratch_folder
from sim_database import ZONE, Database
from sim_program import STEPS, Failed, run_seed
from sqlalchemy import URL, create_engine, make_url, text

from core.database import make_engine
from core.embedded import running_cluster
from core.migrate import migrate


def main() -> int:
    """How many seeds failed, at most 1."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds (SEEDS=)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (FIRST=)")
    parser.add_argument("--steps", type=int, default=STEPS, help="operations of a seed")
    parser.add_argument("--verbose", action="store_true", help="say how often what was met")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    met: Counter[str] = Counter()
    failed: list[int] = []
    begin = time.monotonic()
    with _database() as url, suppress(KeyboardInterrupt):
        database = Database(url)
        for place, seed in enumerate(range(asked.first, asked.first + asked.seeds), 1):
            try:
                met.update(run_seed(database, seed, asked.steps).met)
            except Failed as failure:
                failed.append(seed)
                print(f"\r{failure}\n", flush=True)
            met["seeds"] += 1
            _bar(place, asked.seeds, len(failed), time.monotonic() - begin)
        database.close()
    print(f"\n{met['seeds']} seeds, failed: {failed or 'none'}")
    if asked.verbose:
        print("\n".join(f"{count:>8} {name}" for name, count in sorted(met.items())))
    return 1 if failed else 0


def _bar(done: int, whole: int, failed: int, seconds: float) -> None:
    filled = "#" * (40 * done // whole)
    told = f"[{filled:<40}] {done}/{whole}, {failed} failed, {seconds / done:.2f} s a seed "
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{told}")
    elif done % 10 == 0:
        sys.stderr.write(f"{told}\n")


@contextmanager
def _database() -> Iterator[str]:
    given = os.environ.get("KOPECK_DATABASE_URL")
    if given:
        with _migrated(given) as url:
            yield url
        return
    with (
        scratch_folder() as home,
        running_cluster(home, settings={"fsync": "off"}) as cluster,
        _migrated(cluster.url("kopeck_owner")) as url,
    ):
        yield url


@contextmanager
def _migrated(url: str) -> Iterator[str]:
    """A database of its own, dropped afterwards."""
    name = f"simulation_{os.getpid()}"
    admin = make_url(url).set(drivername="postgresql+psycopg2")
    own = admin.set(database=name).render_as_string(False)
    _do(admin, f"CREATE DATABASE {name}")
    try:
        owner = make_engine(own, ZONE, role=None)
        migrate(owner, ZONE)
        owner.dispose()
        yield own
    finally:
        _do(admin, f"DROP DATABASE {name} WITH (FORCE)")


def _do(admin: URL, statement: str) -> None:
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
