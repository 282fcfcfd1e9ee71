"""ledger: the books, their proofs, their exports; each command a file of its own."""

import click

from kopeck.lazy import LazyGroup

COMMANDS = {
    "verify": "ledger_verify.verify",
    "seal": "ledger_seal.seal",
    "keys": "ledger_seal.keys",
    "export": "ledger_export.export",
    "close": "ledger_close.close",
}


class LedgerGroup(LazyGroup):
    places = COMMANDS


@click.group(cls=LedgerGroup)
def ledger() -> None:
    """The books: prove them, seal them, close a period, hand them out."""
