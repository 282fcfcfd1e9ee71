"""The books as a journal for hledger, which passes `hledger check --strict`.

An entry's public id is the code, its kind the description; key, effective day, note and what it corrects are tags.
A closing is an entry of nothing that asserts the balance of every account that had moved by then.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.export.pieces import encoded
from ledger.close import Closing
from ledger.export.books import Entry, accounts
from ledger.export.journal import Style, amount, journal
from ledger.export.pieces import shown

_ENDS_VALUE = ","  # of a tag: what follows a comma may be another tag
_ENDS_DESCRIPTION = ";|"


def _head(session: Session) -> Iterator[str]:
    yield "decimal-mark .\n"
    currencies: set[str] = set()
    for row in accounts(session):
        for currency in row.currencies:
            if currency not in currencies:
                currencies.add(currency)
                yield f"commodity 1000.000000 {currency}\n"
        yield f"account {row.code}\n"


def _tag(name: str, value: object) -> str:
    return f"    ; {name}:{shown(str(value), _ENDS_VALUE)}\n"


def _entry(entry: Entry) -> str:
    lines = [f"\n{entry.booked_on} * ({entry.id}) {shown(entry.kind, _ENDS_DESCRIPTION)}\n"]
    lines += [_tag("key", entry.key), _tag("effective_on", entry.effective_on)]
    if entry.corrects is not None:
        lines.append(_tag("corrects", entry.corrects))
    if entry.note is not None:
        lines.append(_tag("note", entry.note))
    return "".join(lines)


def _posting(code: str, micros: int, currency: str) -> str:
    return f"    {code}  {amount(micros, currency)}\n"


def _closing(closing: Closing, balances: Iterator[Row[Any]]) -> Iterator[str]:
    yield f"\n{closing.through} * closing {closing.period}\n"
    for row in balances:
        yield f"    {row.code}  {amount(0, row.currency)} = {amount(row.balance, row.currency)}\n"


def write(session: Session, tell: Callable[[int], None]) -> Iterator[bytes]:
    """The journal in pieces."""
    return encoded(journal(session, Style(_head, _entry, _posting, _closing), tell))
