"""Make the payment file of an approved run: once, and the payouts in it are sent."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Conflict, Invalid, Refused
from core.ids import public_id
from core.money import Money
from core.secrets import Vault
from ledger.halt import refuse_if_halted
from payouts.bank.files import FORMATS, PaymentFile, file_of_run
from payouts.bank.one_c import write_1c
from payouts.bank.packed import Packed
from payouts.bank.pain001 import write_pain001
from payouts.bank.payer import Payer
from payouts.bank.payment import Head, Payment, batch_id, end_to_end, mark_1c
from payouts.bank_tables import payment_file
from payouts.differences import refuse_if_differs
from payouts.store import find_run, for_many_rows
from payouts.tables import payout, payout_run

_PAGE = 1000
_NUMBERS = 999_999  # a payment order's number has six digits at most


def make_file(
    session: Session,
    vault: Vault,
    payer: Payer,
    run_id: str,
    format: str,
    person: str,
    now: datetime,
    *,
    difference_limit: int = 0,
) -> PaymentFile:
    """Write the run's payments into a file and let them count as sent. Asked again, it is the same file.

    What is in it is what was approved: a payout whose payee or creator is no longer as it was is held instead, is
    not in the file, and can only be cancelled. `now` is in the service's time zone: its day is the payments' day.
    `difference_limit`: the setting `reconciliation_limit`.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_format`; `unfit_field`, a payee's detail that the file cannot carry: hold or cancel that payout.
        Refused: `not_a_bank_run`, `run_not_approved`, `rubles_only`, `no_such_account` (the payer has none of the
            kind), `nothing_to_send` (every payout would be held).
        Conflict: `file_made`, in another format.
        Unavailable: `ledger_halted`, `reconciliation_open`.
    """
    kind = _account_kind(payer, format)
    run = find_run(session, run_id, lock=True)
    if run.provider != "bank":
        raise Refused("not_a_bank_run", f"The run is paid by {run.provider}.", provider=run.provider)
    if made := file_of_run(session, run.id):
        if made.format != format:
            raise Conflict("file_made", f"The run has its file already, as {made.format}.", file=made.id)
        return made
    _require_ready(session, run, format)
    refuse_if_differs(session, run.currency, difference_limit)

    for_many_rows(session)
    session.execute(sql("payouts", "lock_payees"), {"run": run.id})
    if not session.execute(sql("payouts", "send"), {"run": run.id, "now": now}).one().sent:
        raise Refused("nothing_to_send", "Every payout of the run would be held: cancel the run.")
    session.execute(update(payout_run).where(payout_run.c.id == run.id).values(state="sending"))
    return _write(session, vault, kind, run, format, person, now)


def _account_kind(payer: Payer, format: str) -> dict[str, str]:
    if format not in FORMATS:
        raise Invalid("bad_format", f"One of {', '.join(FORMATS)}.", pointer="/format")
    details = payer.ru if format == "1c" else payer.iban
    if details is None:
        table = "ru" if format == "1c" else "iban"
        raise Refused("no_such_account", f"The payer's file has no table [{table}].")
    return details


def _require_ready(session: Session, run: Row[Any], format: str) -> None:
    refuse_if_halted(session)
    if run.state != "approved":
        raise Refused("run_not_approved", f"The run is {run.state}.", state=run.state)
    if format == "1c" and run.currency != "RUB":
        raise Refused("rubles_only", f"A 1C file pays rubles, and the run is in {run.currency}.")


def _write(
    session: Session,
    vault: Vault,
    payer: dict[str, str],
    run: Row[Any],
    format: str,
    person: str,
    now: datetime,
) -> PaymentFile:
    counted = session.execute(sql("payouts.bank", "file_totals"), {"run": run.id}).one()
    total = Money(counted.total, run.currency)
    head = Head(batch_id(run.id, now), run.currency, counted.payments, total, now)
    tally = _Tally()
    rows = _payments(session, vault, run, format == "1c", counted.numbers_used)
    sink = Packed()
    if format == "1c":
        write_1c(sink, payer, head, tally.passing(rows))
    else:
        write_pain001(sink, payer, head, tally.passing(rows), "03" if format.endswith(".03") else "09")
    assert (len(tally.payouts), tally.micros) == (counted.payments, counted.total), (
        "the head says what follows"
    )
    values = {
        "run_id": run.id,
        "format": format,
        "name": public_id("run", run.id, run.created_at) + (".txt" if format == "1c" else ".xml"),
        "content": vault.seal_bytes(sink.content()),
        "sha256": sink.sha256(),
        "payments": counted.payments,
        "total": counted.total,
        "made_by": person,
    }
    key = session.scalars(insert(payment_file).values(**values).returning(payment_file.c.id)).one()
    owned = {"file": key, "payouts": tally.payouts, "references": tally.references}
    session.execute(sql("payouts.bank", "own_payouts"), owned)
    made = file_of_run(session, run.id)
    assert made is not None
    return made


class _Tally:
    """What really went into the file."""

    def __init__(self) -> None:
        self.payouts: list[int] = []
        self.references: list[str] = []
        self.micros = 0

    def passing(self, payments: Iterator[Payment]) -> Iterator[Payment]:
        for payment in payments:
            self.payouts.append(payment.payout_id)
            self.references.append(payment.reference)
            self.micros += payment.money.micros
            yield payment


def _payments(
    session: Session, vault: Vault, run: Row[Any], one_c: bool, numbers_used: int
) -> Iterator[Payment]:
    """The sent payouts of a run in the order of their creators, read a page at a time."""
    column = payout.c
    query = (
        select(column.id, column.created_at, column.amount, column.destination)
        .where(column.run_id == run.id, column.state == "sent")
        .order_by(column.creator)
        .execution_options(yield_per=_PAGE)
    )
    for place, row in enumerate(session.execute(query)):
        number = (numbers_used + place) % _NUMBERS + 1
        yield Payment(
            row.id,
            public_id("po", row.id, row.created_at),
            mark_1c(run.id, number) if one_c else end_to_end(row.id, row.created_at),
            number,
            Money(row.amount, run.currency).require_minor(),
            vault.open(row.destination),
        )
