"""work."""

import os

import click

from core.settings import load_settings
from jobs.job import Context
from jobs.until_told import work_until_told
from kopeck.database import application
from kopeck.logs import configure_logs
from kopeck.tree import follow_parent


@click.command("work")
def work_command() -> None:
    """Run the scheduler: of several processes one leads, the others wait to take over."""
    follow_parent()
    configure_logs()
    settings = load_settings()
    with application(settings, statement_seconds=0) as (engine, vault):
        if not work_until_told(Context(engine, settings, vault)):
            os._exit(1)  # a step hangs; its lease lets another process take it over
