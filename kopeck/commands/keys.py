"""keys create, list, revoke."""

import click

from api.keys import ROLES, SCOPES, create_key, list_keys, revoke_key
from core.clock import now
from core.database import transaction
from core.settings import load_settings
from kopeck.database import application


@click.group()
def keys() -> None:
    """API keys: make, list, revoke."""


@keys.command()
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the key may do.")
@click.option("--subject", help="The creator or seller that the key speaks for.")
@click.option("--name", "person", required=True, help="The person who holds the key.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may do beyond its role."
)
def create(role: str, subject: str | None, person: str, scopes: tuple[str, ...]) -> None:
    """Make a key. It alone is printed on standard output, and never again."""
    with application(load_settings()) as (engine, _), transaction(engine) as session:
        key = create_key(session, role, person, subject, scopes)
    click.echo(key)


@keys.command("list")
def list_command() -> None:
    """List keys without their secrets."""
    with application(load_settings()) as (engine, _), transaction(engine) as session:
        for each in list_keys(session):
            state = f"revoked {each['revoked_at']:%Y-%m-%d}" if each["revoked_at"] else "live"
            click.echo(
                f"{each['id']}  {each['role']:<9} {each['subject'] or '-':<20} {state:<18} {each['person']}"
            )


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Refuse a key from now on. KEY_ID is its middle part, as `kopeck keys list` shows it."""
    with application(load_settings()) as (engine, _), transaction(engine) as session:
        revoke_key(session, key_id, now())
    click.echo(f"Key {key_id} is revoked.", err=True)
