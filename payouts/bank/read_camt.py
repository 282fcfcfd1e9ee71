"""Read a camt.053 statement (ISO 20022), any version from 02 to 13.

A statement is XML from outside: no document type, no entity, nothing fetched, and elements are let go as they are read.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

from lxml import etree

from payouts.bank.payment import BATCH
from payouts.bank.statement import Line, Statement, bad, parse_sum, require_sum, short

_SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])", re.ASCII)
_OURS = re.compile(r"[0-9a-f]{32}", re.ASCII)
_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
_MOST_TEXT = 10_000  # of one element or attribute
_KEPT = ("Acct", "FrToDt", "Bal", "Ntry")  # of a statement


class _Reading:
    """What was found so far, an element after the other."""

    def __init__(self) -> None:
        self.accounts: set[str] = set()
        self.currencies: set[str] = set()
        self.days: set[date] = set()
        self.balances: dict[str, list[tuple[date, int]]] = {"OPBD": [], "PRCD": [], "CLBD": []}
        self.lines: list[Line] = []


def read_camt(body: bytes) -> Statement:
    """The statement in a file of one account; several days of it may stand one after the other.

    Raises:
        Invalid: `bad_statement`, `bad_amount`, `unknown_currency`.
    """
    if b"\0" in body or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise bad("A statement is XML in UTF-8 or ASCII without a document type.")
    reading = _Reading()
    try:
        for element in _elements(body):
            _take(reading, element)
    except etree.XMLSyntaxError as error:
        raise bad(f"The file is no well-formed XML: {error.msg}") from None
    return _statement(reading)


def _elements(body: bytes) -> Iterator[etree._Element]:
    """The parts of statements, each emptied once it was looked at."""
    parsed = etree.iterparse(
        io.BytesIO(body),
        events=("end",),
        tag=[f"{{*}}{name}" for name in _KEPT],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in parsed:
        path = [_name(each) for each in element.iterancestors()]
        if path == ["Stmt", "BkToCstmrStmt", "Document"]:
            _require_short(element)
            yield element
            element.clear()
    _require_kind(parsed.root)


def _require_kind(root: etree._Element) -> None:
    space = etree.QName(root).namespace or ""
    if not _SPACE.fullmatch(space) or _name(root) != "Document":
        raise bad(f"The file is no camt.053 statement, but {space[:80] or 'XML without a namespace'}.")


def _require_short(element: etree._Element) -> None:
    texts = (text for each in element.iter() for text in (each.text, *each.attrib.values()))
    if any(len(text or "") > _MOST_TEXT for text in texts):
        raise bad("The file holds a text of more than 10,000 characters.")


def _take(reading: _Reading, element: etree._Element) -> None:
    name = _name(element)
    if name == "Acct":
        reading.accounts.add(_text(element, "Id/IBAN") or _text(element, "Id/Othr/Id"))
        reading.currencies |= {_text(element, "Ccy")} - {""}
    elif name == "FrToDt":
        reading.days |= {_day(_text(element, each)) for each in ("FrDtTm", "ToDtTm")}
    elif name == "Bal":
        _balance(reading, element)
    elif (_text(element, "Sts/Cd") or _text(element, "Sts")) == "BOOK":
        reading.lines += _entry(reading, element)


def _balance(reading: _Reading, element: etree._Element) -> None:
    kind = _text(element, "Tp/CdOrPrtry/Cd")
    if kind in reading.balances:
        day = _day(_text(element, "Dt/Dt") or _text(element, "Dt/DtTm"))
        reading.balances[kind].append((day, _signed(reading, element)))


def _entry(reading: _Reading, entry: etree._Element) -> list[Line]:
    """The lines of an entry: one, or each of its payments when the bank lists them with their amounts."""
    booked = _signed(reading, entry)
    whole = Line(
        booked_on=_day(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")),
        micros=booked,
        reference=short(_text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")),
        purpose=short(_text(entry, "AddtlNtryInf")),
        returns=booked > 0 and _given_back(entry),
    )
    details = [each for each in entry.iter() if _name(each) == "TxDtls"]
    if len(details) <= 1:
        return [_detailed(whole, entry, details[0] if details else None)]
    lines = []
    for each in details:
        amount = _child(each, "AmtDtls/TxAmt/Amt", "Amt")
        if amount is None:
            return [replace(whole, batch=_batch(entry))]
        micros = _amount(reading, amount)
        lines.append(replace(_detailed(whole, each, each), micros=micros if whole.micros > 0 else -micros))
    if sum(line.micros for line in lines) != whole.micros:
        raise bad(f"The payments of entry {whole.reference!r} do not add up to it.")
    return lines


def _detailed(whole: Line, around: etree._Element, details: etree._Element | None) -> Line:
    """A line with what is said of its one payment."""
    if details is None:
        return replace(whole, batch=_batch(around))
    side = "Cdtr" if whole.micros < 0 else "Dbtr"
    mark = _text(details, "Refs/EndToEndId")
    purposes = [each.text or "" for each in details.iter() if _name(each) in ("Ustrd", "AddtlInf")]
    own = _text(details, "Refs/AcctSvcrRef") or _text(details, "Refs/TxId")
    return replace(
        whole,
        reference=short(own) or whole.reference,
        ours=mark if _OURS.fullmatch(mark) else "",
        batch="" if _OURS.fullmatch(mark) else _batch(around),
        counterparty=short(
            _text(details, f"RltdPties/{side}/Pty/Nm") or _text(details, f"RltdPties/{side}/Nm")
        ),
        account=short(_text(details, f"RltdPties/{side}Acct/Id/IBAN")),
        purpose=short(" ".join(purposes)) or whole.purpose,
        returns=whole.returns or (whole.micros > 0 and _given_back(details)),
    )


def _given_back(part: etree._Element) -> bool:
    """Does the bank itself call it a return? Our mark alone may come with anybody's payment."""
    said = _text(part, "BkTxCd/Domn/Fmly/SubFmlyCd") == "RRTN" or _text(part, "RvslInd") in ("true", "1")
    return said or _child(part, "RtrInf") is not None


def _batch(around: etree._Element) -> str:
    """Our mark of a whole file, where the bank booked it as one sum."""
    marks = (short(each.text or "") for each in around.iter() if _name(each) in ("PmtInfId", "MsgId"))
    return next((mark for mark in marks if BATCH.fullmatch(mark)), "")


def _statement(reading: _Reading) -> Statement:
    if len(reading.accounts) != 1 or "" in reading.accounts:
        raise bad(f"The file holds {len(reading.accounts)} accounts: send a file for each.")
    if len(reading.currencies) != 1:
        raise bad(f"The file holds {len(reading.currencies)} currencies, not one.")
    opening = min(reading.balances["OPBD"] or reading.balances["PRCD"], default=None)
    closing = max(reading.balances["CLBD"], default=None)
    known = [balance[0] for balance in (opening, closing) if balance]
    days = reading.days or set(chain(known, (line.booked_on for line in reading.lines)))
    if not days:
        raise bad("The file does not say which days it is of.")
    return require_sum(
        Statement(
            "camt.053",
            reading.accounts.pop(),
            reading.currencies.pop(),
            min(days),
            max(days),
            opening[1] if opening else None,
            closing[1] if closing else None,
            reading.lines,
        )
    )


def _signed(reading: _Reading, element: etree._Element) -> int:
    amount, side = _child(element, "Amt"), _text(element, "CdtDbtInd")
    if amount is None or side not in ("CRDT", "DBIT"):
        raise bad(f"{_name(element)} has no Amt or no CdtDbtInd.")
    micros = _amount(reading, amount)
    return micros if side == "CRDT" else -micros


def _amount(reading: _Reading, element: etree._Element) -> int:
    currency = element.get("Ccy", "")
    reading.currencies.add(currency)
    return parse_sum((element.text or "").strip(), currency)


def _day(text: str) -> date:
    """The day of a date or of a moment as the bank writes it."""
    try:
        if not _DAY.fullmatch(text[:10]):
            raise ValueError
        return date.fromisoformat(text[:10])
    except ValueError:
        raise bad(f"{text[:20]!r} is no day such as 2026-11-22.") from None


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _child(element: etree._Element, *paths: str) -> etree._Element | None:
    """The first that is there of these paths, in the element's own namespace."""
    space = etree.QName(element).namespace
    for path in paths:
        found = element.find("/".join(f"{{{space}}}{step}" for step in path.split("/")))
        if found is not None:
            return found
    return None


def _text(element: etree._Element, path: str) -> str:
    found = _child(element, path)
    return "" if found is None else (found.text or "").strip()
