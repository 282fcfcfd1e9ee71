"""`make simulate SEEDS=1000 FIRST=1`: run seeds and print each that fails, with its last operations.

The database is that of KOPECK_DATABASE_URL, in which databases of its own are made, or one that is started for it.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from logging import CRITICAL

import sim_paths  # noqa: F401
import structlog
from scratch import migrated_database, scratch_folder
from sim_database import Database
from sim_program import STEPS, Failed, run_seed

from core.embedded import running_cluster


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
    with ExitStack() as stack:
        if not os.environ.get("KOPECK_DATABASE_URL"):
            home = stack.enter_context(scratch_folder())
            cluster = stack.enter_context(running_cluster(home, settings={"fsync": "off"}))
            os.environ["KOPECK_DATABASE_URL"] = cluster.url("kopeck_owner")
        yield stack.enter_context(migrated_database(f"simulation_{os.getpid()}"))


if __name__ == "__main__":
    sys.exit(main())
