"""demo: everything, on a seeded sample marketplace."""

import os

import click

from core.settings import Settings, load_settings
from kopeck.commands.migrating import bring_up
from kopeck.database import application, database
from kopeck.seed import CREATOR, demo_keys, is_seeded, kept_keys, seed
from kopeck.tree import Stopped, run_together, stop_on_signals


@click.command()
@click.option("--seed-only", is_flag=True, help="Seed the marketplace and stop.")
@click.option("--keys", "only_keys", is_flag=True, help="Print the demo's keys as shell variables and stop.")
def demo(seed_only: bool, only_keys: bool) -> None:
    """Run Kopeck on a sample marketplace: the first start seeds it, later ones continue.

    The demo has a home of its own (the folder `demo` in KOPECK_HOME), so it never meets real data.
    """
    if "KOPECK_DATABASE_URL" not in os.environ:
        os.environ["KOPECK_HOME"] = str(load_settings().home / "demo")
    settings = load_settings()
    if only_keys:
        _print_keys(settings)
        return
    stop_on_signals()
    try:
        with database(settings) as found:
            bring_up(settings, found.owner_url)
            with application(settings, statement_seconds=0) as (engine, vault):
                if not is_seeded(engine, settings):
                    seed(engine, settings, vault)
                keys = demo_keys(engine, settings)
            if seed_only:
                return
            _welcome(settings, keys)
            raise SystemExit(run_together([["serve"], ["work"]], found.ended))
    except Stopped:
        raise SystemExit(0) from None


def _welcome(settings: Settings, keys: dict[str, str]) -> None:
    address = f"http://{settings.bind}"
    click.echo(
        f"\nKopeck is served at {address} (documentation: {address}/docs). Ctrl-C stops it.\n\nOne key a role:"
    )
    for role, key in keys.items():
        click.echo(f"  {role:<9} {key}")
    click.echo(
        f"\nTry:\n  curl -s {address}/v1/creators/{CREATOR}/balance -H 'Authorization: Bearer {keys['creator']}'\n"
        f"  curl -s {address}/v1/funds/creator-fund -H 'Authorization: Bearer {keys['operator']}'\n"
    )


def _print_keys(settings: Settings) -> None:
    for role, key in kept_keys(settings).items():
        click.echo(f"export {role.upper()}={key}")
