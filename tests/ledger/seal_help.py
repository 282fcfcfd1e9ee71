"""Books to seal: small entries of one's own, seals of them, and a superuser who rewrites history."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.check_seals import check_seals
from ledger.export_proof import proof_lines
from ledger.finding import Finding
from ledger.keyring import Signer, signer_of
from ledger.leaves import SIZE, id_at
from ledger.post import Posted, credit, debit, post
from ledger.seal import seal_all, take_seal
from ledger.seal_record import Seal

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, 9, 0, 0, 123457, tzinfo=UTC)
SIGNER = signer_of(b"s" * 32)


def move(
    session: Session, key: str, creator: str = "c1", micros: int = 1_000_000, note: str | None = None
) -> Posted:
    """An entry of two postings to accounts of that creator alone."""
    money = Money(micros, "RUB")
    return post(
        session,
        key=key,
        kind="reward.release",
        effective_on=DAY,
        note=note,
        legs=[
            debit(accounts.creator(creator, "pending"), money),
            credit(accounts.creator(creator, "available"), money),
        ],
    )


def posted(engine: Engine, *keys: str, creator: str = "c1") -> list[Posted]:
    """One entry a transaction."""
    found = []
    for key in keys:
        with transaction(engine) as session:
            found.append(move(session, key, creator))
    return found


def sealed(engine: Engine, most: int = 250_000, signer: Signer = SIGNER) -> list[Seal]:
    """Everything that can be sealed now."""
    return list(seal_all(engine, signer, lambda: NOW, most))


def one_seal(engine: Engine, signer: Signer = SIGNER) -> Seal | None:
    with transaction(engine) as session:
        return take_seal(session, signer, NOW)


def checked(engine: Engine, trusted: Sequence[bytes] = (SIGNER.public,)) -> list[Finding]:
    with transaction(engine) as session:
        return check_seals(session, trusted)


def named(engine: Engine, trusted: Sequence[bytes] = (SIGNER.public,)) -> set[tuple[str, str]]:
    """What is found, by check and subject."""
    return {(finding.check, finding.subject) for finding in checked(engine, trusted)}


def exported(engine: Engine) -> list[bytes]:
    with transaction(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return list(proof_lines(session))


def sealed_ids(engine: Engine) -> list[int]:
    """Entry ids of all seals, each as often as it is sealed."""
    with transaction(engine) as session:
        leaves = session.scalars(text("SELECT leaves FROM seal ORDER BY n")).all()
    return [id_at(bytes(each), i) for each in leaves for i in range(len(each) // SIZE)]


def entry_ids(engine: Engine) -> list[int]:
    with transaction(engine) as session:
        return list(session.scalars(text("SELECT id FROM entry ORDER BY id")))


def rewrite(owner: Engine, *statements: str, **parameters: object) -> None:
    """What a superuser may do: the triggers are off while it lasts."""
    tables = ("entry", "posting", "seal", "seal_key")
    with owner.begin() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement), parameters)
    with owner.begin() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
