"""`python -m bench [NAME …] [--quick | --full]`: the table of speeds, or the rows of the named measures.

A name stands for every measure that begins with it: `ledger` for all of the ledger's.
"""

import argparse
from collections.abc import Callable

from bench import (
    accrual,
    attribution,
    backtest,
    balance,
    bounties,
    events,
    formula,
    invalid_traffic,
    ledger_compound,
    ledger_growth,
    ledger_proofs,
    ledger_single,
    payment_file,
    payout_plan,
    payout_send,
    pool,
    qualify,
    readable,
    reports,
    start,
    tally,
)
from bench.ground import say
from bench.row import Row, show

MEASURES: dict[str, Callable[[bool], list[Row]]] = {
    "events": events.measure,
    "ledger-compound": ledger_compound.measure,
    "ledger-single": ledger_single.measure,
    "ledger-growth": ledger_growth.measure,
    "ledger-proofs": ledger_proofs.measure,
    "tally": tally.measure,
    "qualify": qualify.measure,
    "readable": readable.measure,
    "attribution": attribution.measure,
    "formula": formula.measure,
    "traffic": invalid_traffic.measure,
    "pool": pool.measure,
    "payout-plan": payout_plan.measure,
    "accrual": accrual.measure,
    "backtest": backtest.measure,
    "payout-send": payout_send.measure,
    "payment-file": payment_file.measure,
    "reports": reports.measure,
    "bounties": bounties.measure,
    "balance": balance.measure,
    "start": start.measure,
}

FULL = {
    "ledger-growth": ledger_growth.measure_full,
    "tally": tally.measure_full,
    "qualify": qualify.measure_full,
    "attribution": attribution.measure_full,
    "payout-plan": payout_plan.measure_full,
    "accrual": accrual.measure_full,
    "backtest": backtest.measure_full,
    "payout-send": payout_send.measure_full,
    "reports": reports.measure_full,
}


def main() -> None:
    """Run the measures one after the other, each on databases of its own, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast")
    parser.add_argument("--full", action="store_true", help="full sizes: up to half an hour more")
    options = parser.parse_args()
    measures = MEASURES | (FULL if options.full else {})
    chosen = [name for name in measures if name.startswith(tuple(options.names or [""]))]
    if unknown := [name for name in options.names if not any(known.startswith(name) for known in chosen)]:
        parser.error(f"no measure named {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    rows: list[Row] = []
    for name in chosen:
        say(f"{name} …")
        rows += measures[name](options.quick)
    show(rows)


if __name__ == "__main__":
    main()
