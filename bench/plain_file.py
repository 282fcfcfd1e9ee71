"""The floor of a payment file: the run's payouts in a plain loop, unchecked, and the same rows into copies of the tables.

Nobody looks whether a payee is as approved, no text is checked, no amount or id is shown as people read it.
"""

from sqlalchemy import Engine

from bench.cpu import Cpu, cpu_of
from bench.ground import raw
from core.secrets import Vault
from payouts.bank.packed import Packed

_TABLES = """
    DROP TABLE IF EXISTS plain_payout, plain_file_payment;
    CREATE TABLE plain_payout (LIKE payout INCLUDING INDEXES);
    CREATE TABLE plain_file_payment (LIKE file_payment INCLUDING INDEXES);
    INSERT INTO plain_payout SELECT u.* FROM payout u;
    UPDATE plain_payout SET state = 'reserved', sent_at = NULL;
    VACUUM ANALYZE plain_payout"""
_SEND = "UPDATE plain_payout SET state = 'sent', sent_at = now() WHERE currency = %(currency)s"
_READ = "SELECT id, amount, destination FROM plain_payout WHERE currency = %(currency)s ORDER BY creator"
_OWN = "INSERT INTO plain_file_payment SELECT id, 1, 'bench-' || id FROM unnest(%(ids)s) id"


def write_plain(owner: Engine, vault: Vault, currency: str) -> Cpu:
    """What the processor had to do for a file of these payouts without the run, the checks and the format."""
    with raw(owner) as cursor:
        cursor.connection.autocommit = True
        for statement in _TABLES.split(";\n"):
            cursor.execute(statement)
        cursor.connection.autocommit = False
        with cpu_of(owner) as cpu:
            cursor.execute(_SEND, {"currency": currency})
            cursor.execute(_READ, {"currency": currency})
            sink, ids = Packed(), []
            for key, amount, destination in cursor:
                ids.append(key)
                details = "\r\n".join(
                    f"{name}={value}" for name, value in vault.open(bytes(destination)).items()
                )
                sink.write(f"id={key}\r\namount={amount}\r\n{details}\r\n".encode())
            assert sink.content()
            cursor.execute(_OWN, {"ids": ids})
            cursor.connection.commit()
    return cpu
