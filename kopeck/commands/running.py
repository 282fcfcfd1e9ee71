"""up, serve, work, migrate, settings."""

import os
from dataclasses import fields

import click

from core.database import make_engine
from core.migrate import migrate
from core.settings import Settings, load_settings
from jobs.job import Context
from jobs.until_told import work_until_told
from kopeck.database import application, checked_vault, database
from kopeck.logs import configure_logs
from kopeck.serve import serve
from kopeck.tree import Stopped, follow_parent, run_together, stop_on_signals


def bring_up(settings: Settings, owner_url: str) -> None:
    """Migrate, and say so."""
    engine = make_engine(owner_url, settings.time_zone, role=None, statement_seconds=0)
    before, after = migrate(engine, settings.time_zone)
    engine.dispose()
    if before != after:
        click.echo(f"Database schema: {before or 'empty'} -> {after}", err=True)


@click.command()
def up() -> None:
    """Run everything: embedded PostgreSQL, migrations, server and scheduler, until Ctrl-C."""
    settings = load_settings()
    stop_on_signals()
    try:
        with database(settings) as found:
            bring_up(settings, found.owner_url)
            checked_vault(make_engine(found.app_url, settings.time_zone), settings)
            click.echo(
                f"Kopeck is served at http://{settings.bind} (documentation: /docs). Ctrl-C stops it.",
                err=True,
            )
            raise SystemExit(run_together([["serve"], ["work"]]))
    except Stopped:
        raise SystemExit(0) from None


@click.command("serve")
def serve_command() -> None:
    """Serve HTTP on KOPECK_BIND with KOPECK_WORKERS processes."""
    follow_parent()
    settings = load_settings()
    with database(settings) as found:
        checked_vault(make_engine(found.app_url, settings.time_zone), settings)
        serve(settings, found.app_url)


@click.command("work")
def work_command() -> None:
    """Run the scheduler: of several processes one leads, the others wait to take over."""
    follow_parent()
    configure_logs()
    settings = load_settings()
    with application(settings, statement_seconds=0) as (engine, vault):
        if not work_until_told(Context(engine, settings, vault)):
            os._exit(1)  # a step hangs; its lease lets another process take it over


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to this release's schema."""
    settings = load_settings()
    with database(settings) as found:
        bring_up(settings, found.owner_url)
    click.echo("The database is at this release's schema.", err=True)


@click.command("settings")
def show_settings() -> None:
    """Show every setting with its value; secrets are masked."""
    settings = load_settings()
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if item.name in {"secret_key", "database_url"} and value is not None:
            value = "(set)"
        click.echo(
            f"KOPECK_{item.name.upper():<20} {'' if value is None else value!s:<24} {item.metadata['about']}"
        )
