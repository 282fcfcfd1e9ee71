"""`python -m bench [NAME …] [--quick]`: the table of speeds, or the rows of the named measures."""

import argparse
from collections.abc import Callable

from bench import attribution, balance, events, ledger, start
from bench.ground import say
from bench.row import Row, show

MEASURES: dict[str, Callable[[bool], list[Row]]] = {
    "events": events.measure,
    "ledger": ledger.measure,
    "attribution": attribution.measure,
    "balance": balance.measure,
    "start": start.measure,
}


def main() -> None:
    """Run the measures one after the other, each on a database of its own, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MEASURES):
        parser.error(f"no measure named {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    rows: list[Row] = []
    for name in options.names or MEASURES:
        say(f"{name} …")
        rows += MEASURES[name](options.quick)
    show(rows)


if __name__ == "__main__":
    main()
