"""ledger: the books, their proofs, their exports; each command a file of its own, loaded when it is used."""

from importlib import import_module

import click

COMMANDS = {
    "verify": "ledger_verify.verify",
    "seal": "ledger_seal.seal",
    "keys": "ledger_seal.keys",
    "export": "ledger_export.export",
    "close": "ledger_close.close",
}


class LedgerGroup(click.Group):
    """Commands by name, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(".")
        command: click.Command = getattr(import_module(f"kopeck.commands.{module}"), attribute)
        return command


@click.group(cls=LedgerGroup)
def ledger() -> None:
    """The books: prove them, seal them, close a period, hand them out."""
