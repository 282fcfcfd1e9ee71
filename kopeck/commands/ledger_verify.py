"""ledger verify."""

import sys

import click

from core.database import transaction
from core.settings import load_settings
from kopeck.database import application
from ledger.verify import CHECKS
from ledger.verify import verify as verify_books


@click.command()
def verify() -> None:
    """Prove the books: every check is a query that must return nothing. Exit code 1 when one does not."""
    with application(load_settings(), statement_seconds=0) as (engine, _), transaction(engine) as session:
        findings = verify_books(session)
    for finding in findings:
        click.echo(f"{finding.check}: {finding.subject}: {finding.detail}", err=True)
    click.echo(f"{len(CHECKS)} checks, {len(findings)} findings")
    sys.exit(1 if findings else 0)
