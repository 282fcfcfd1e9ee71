"""A file that the bank booked as one sum becomes a line a payment again."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from payouts.bank.payment import BATCH
from payouts.bank.statement import Line
from payouts.bank_tables import file_payment, payment_file
from payouts.tables import payout


def expand_batches(session: Session, lines: list[Line]) -> list[Line]:
    """The lines, each sum of one of our files taken apart; a sum that is not the file's total stays whole."""
    expanded: list[Line] = []
    for line in lines:
        parts = _payments(session, line) if line.batch and line.micros < 0 else []
        whole = sum(part.micros for part in parts) == line.micros
        expanded += parts if parts and whole else [line]
    return expanded


def _payments(session: Session, line: Line) -> list[Line]:
    named = BATCH.fullmatch(line.batch)
    assert named is not None, "only our own marks are kept as batches"
    column = payout.c
    query = (
        select(file_payment.c.end_to_end, column.amount)
        .join(payout, column.id == file_payment.c.payout_id)
        .join(payment_file, payment_file.c.id == file_payment.c.file_id)
        .where(payment_file.c.run_id == int(named[1]), payment_file.c.format != "1c")
        .order_by(column.id)
    )
    return [replace(line, micros=-row.amount, ours=row.end_to_end) for row in session.execute(query)]
