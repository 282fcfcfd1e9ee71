"""The books as a file for beancount, which loads it without an error.

A legal account there has components that start with a capital or a digit and go on in letters, digits and dashes. Ours
become such, and two of ours never become one: within a component `-`, `_`, `.` are written `--`, `-u`, `-d`; a small
letter at the start becomes a capital; what starts with a capital or a mark gets `X-x` in front (a dash is never followed
by `x` otherwise). So `liabilities:creator:c_1` is `Liabilities:Creator:C-u1`, and the creator `C_1` is `X-xC-u1`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.export.pieces import encoded
from core.money import format_micros
from ledger.close import Closing
from ledger.export.books import Entry, accounts, first_day
from ledger.export.journal import Style, amount, journal
from ledger.export.pieces import shown

_MARKS = str.maketrans({"-": "--", "_": "-u", ".": "-d"})
_TOMORROW = timedelta(days=1)
# Beancount forgives half of the last digit it sees, unless it is told that nothing is forgiven.
_OPTIONS = 'option "title" "Kopeck"\noption "tolerance_multiplier" "0"\n'


def account_name(code: str) -> str:
    """Our code as a legal account of beancount's; injective (see above)."""
    return ":".join(map(_component, code.split(":")))


def _component(text: str) -> str:
    escaped = text.translate(_MARKS)
    if "a" <= text[0] <= "z":
        return escaped[0].upper() + escaped[1:]
    return escaped if "0" <= text[0] <= "9" else f"X-x{escaped}"


def _string(text: str) -> str:
    """Text as a string of beancount's: first in one visible line, then quoted."""
    quoted = shown(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _head(session: Session) -> Iterator[str]:
    yield _OPTIONS
    opened = first_day(session)
    for row in accounts(session):
        yield f"{opened} open {account_name(row.code)} {','.join(row.currencies)}\n"
        yield f'  code: "{row.code}"\n'


def _entry(entry: Entry) -> str:
    lines = [
        f"\n{entry.booked_on} * {_string(entry.kind)}",
        f'  entry: "{entry.id}"',
        f"  key: {_string(entry.key)}",
        f"  effective_on: {entry.effective_on}",
    ]
    if entry.corrects is not None:
        lines.append(f'  corrects: "{entry.corrects}"')
    if entry.note is not None:
        lines.append(f"  note: {_string(entry.note)}")
    return "\n".join(lines) + "\n"


def _posting(code: str, micros: int, currency: str) -> str:
    return f"  {account_name(code)}  {amount(micros, currency)}\n"


def _closing(closing: Closing, balances: Iterator[Row[Any]]) -> Iterator[str]:
    """Beancount checks a balance at the beginning of its day."""
    yield f"\n; closing {closing.period}\n"
    day = closing.through + _TOMORROW
    for row in balances:
        figure = format_micros(row.balance, row.currency)
        yield f"{day} balance {account_name(row.code)}  {figure} ~ 0 {row.currency}\n"


def write(session: Session, tell: Callable[[int], None]) -> Iterator[bytes]:
    """The file in pieces."""
    return encoded(journal(session, Style(_head, _entry, _posting, _closing), tell))
