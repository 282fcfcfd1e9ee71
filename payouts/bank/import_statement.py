"""Import a statement once: its lines settle and return payouts, and what is left stands in suspense.

The whole import is one transaction, and imports take turns, so that of two overlapping statements each line counts once.
"""

import hashlib
from datetime import datetime

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.secrets import Vault
from ledger.halt import refuse_if_halted
from payouts.bank.compare import compare_balance
from payouts.bank.expand import expand_batches
from payouts.bank.match import match_lines
from payouts.bank.payer import Payer
from payouts.bank.read_1c import read_1c
from payouts.bank.read_camt import read_camt
from payouts.bank.statement import Line, Statement, fingerprints
from payouts.bank.statements import BankStatement, get_statement, statement_key
from payouts.bank_tables import bank_statement
from payouts.store import for_many_rows

_TURN = text("SELECT pg_advisory_xact_lock(hashtext('bank.statement'))")


def import_statement(
    session: Session, vault: Vault, payer: Payer, body: bytes, person: str, now: datetime
) -> BankStatement:
    """Read a statement of one of our accounts and book it. The same bytes again answer the same statement.

    Raises:
        Invalid: `bad_statement`, `bad_amount`, `unknown_currency`.
        Refused: `not_our_account`.
        Unavailable: `ledger_halted`.
    """
    statement = read_1c(body) if body.startswith(b"1CClientBankExchange") else read_camt(body)
    if statement.account not in payer.account_kinds():
        raise Refused("not_our_account", "The statement's account is none of those in the payer's file.")
    refuse_if_halted(session)
    session.execute(_TURN)
    digest = hashlib.sha256(body).digest()
    known = session.scalar(select(bank_statement.c.id).where(bank_statement.c.sha256 == digest))
    if known is not None:
        return get_statement(session, statement_key(session, known))

    for_many_rows(session)
    key = _keep(session, statement, digest, person)
    lines = expand_batches(session, statement.lines)
    _keep_lines(session, key, statement, lines)
    match_lines(session, vault, key, statement.currency, person, now)
    compare_balance(session, statement.account, statement.currency, now)
    return get_statement(session, statement_key(session, key))


def _keep(session: Session, statement: Statement, digest: bytes, person: str) -> int:
    values = {
        "format": statement.format,
        "account": statement.account,
        "currency": statement.currency,
        "since": statement.since,
        "until": statement.until,
        "opening": statement.opening,
        "closing": statement.closing,
        "sha256": digest,
        "imported_by": person,
    }
    return int(session.scalars(insert(bank_statement).values(**values).returning(bank_statement.c.id)).one())


def _keep_lines(session: Session, key: int, statement: Statement, lines: list[Line]) -> None:
    """Put the lines that no earlier statement held into `bank_line`, and with their marks into `statement_line`."""
    session.execute(text("DROP TABLE IF EXISTS pg_temp.statement_line"))
    session.execute(
        text(f"CREATE TEMPORARY TABLE statement_line ON COMMIT DROP AS\n{sql('payouts.bank', 'lines').text}"),
        {
            "fingerprints": fingerprints(statement.account, lines),
            "days": [line.booked_on for line in lines],
            "amounts": [line.micros for line in lines],
            "references": [line.reference for line in lines],
            "marks": [line.ours for line in lines],
            "documents": [line.document for line in lines],
            "counterparties": [line.counterparty for line in lines],
            "accounts": [line.account for line in lines],
            "purposes": [line.purpose for line in lines],
            "returns": [line.returns for line in lines],
        },
    )
    session.execute(sql("payouts.bank", "keep_lines"), {"statement": key, "currency": statement.currency})
    session.execute(text("ANALYZE statement_line"))
