"""Connections to our server, and the roles and the database that it must have."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from core.embedded.home import APP, OWNER, SUPERUSER

DATABASE = "kopeck"
RIGHTS = {
    OWNER: "LOGIN NOSUPERUSER NOCREATEROLE CREATEDB NOREPLICATION NOBYPASSRLS",
    APP: "LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS",
}
ConnectionFailed = psycopg2.OperationalError


def connect(socket_dir: Path | None, port: int, role: str, password: str, database: str) -> Any:
    """A connection that insists on SCRAM: whoever sits on our port instead of our server learns no password.

    Raises:
        ConnectionFailed: the server is not there, not ready, or does not know the password.
    """
    return psycopg2.connect(
        host=str(socket_dir or "127.0.0.1"),
        port=port,
        user=role,
        password=password,
        dbname=database,
        connect_timeout=5,
        sslmode="disable",
        gssencmode="disable",
        require_auth="scram-sha-256",
    )


def provision(socket_dir: Path | None, port: int, passwords: Mapping[str, str]) -> None:
    """Create what is missing of roles and database; a start that was cut short is completed by the next.

    The database comes last: who can enter it as its owner finds everything in place.
    """
    with closing(connect(socket_dir, port, SUPERUSER, passwords[SUPERUSER], "postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, rights in RIGHTS.items():
                _ensure_role(cursor, role, rights, passwords[role])
            # The owner's connections may take the application's role (tests and `KOPECK_DATABASE_URL` do).
            cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP), sql.Identifier(OWNER)))
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )


def _ensure_role(cursor: Any, role: str, rights: str, password: str) -> None:
    """The password is hashed on our side, so that no log of statements ever holds it."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
    verb = "CREATE" if cursor.fetchone() is None else "ALTER"
    statement = sql.SQL("{} ROLE {} {} PASSWORD {}").format(
        sql.SQL(verb),
        sql.Identifier(role),
        sql.SQL(rights),
        sql.Literal(encrypt_password(password, role, cursor, "scram-sha-256")),
    )
    cursor.execute(statement)
