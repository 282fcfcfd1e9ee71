"""Read a statement in the format 1CClientBankExchange, as a bank sends it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from payouts.bank.payment import MARK
from payouts.bank.statement import Line, Statement, bad, parse_sum, require_sum, short

_CODE_PAGES = {"Windows": "cp1251", "DOS": "cp866"}
_SECTIONS = {"СекцияРасчСчет": "КонецРасчСчет", "СекцияДокумент": "КонецДокумента"}
_REPEATED = ("РасчСчет", "Документ")
_RETURN = re.compile(r"возврат", re.IGNORECASE)
_NAMED = re.compile(r"(?:№|N|п/?п)\s*([0-9]{1,6})\b", re.IGNORECASE)
_DAY = re.compile(r"[0-3][0-9]\.[01][0-9]\.20[0-9][0-9]")
_CURRENCY = "RUB"


@dataclass(slots=True)
class _Section:
    name: str
    values: dict[str, str] = field(default_factory=dict)


def read_1c(body: bytes) -> Statement:
    """The statement in a file of one account.

    Raises:
        Invalid: `bad_statement`, `bad_amount`.
    """
    sections = _sections(_text(body))
    parts = sorted(
        (each.values for each in sections if each.name == "СекцияРасчСчет"),
        key=lambda part: _day(part, "ДатаНачала"),
    )
    accounts = {_need(part, "РасчСчет") for part in parts}
    if len(accounts) != 1:
        raise bad(f"The file holds {len(accounts)} accounts: send a file for each.")
    account = accounts.pop()
    lines = [_line(each.values, account) for each in sections if each.name == "СекцияДокумент"]
    return require_sum(
        Statement(
            "1c",
            account,
            _CURRENCY,
            _day(parts[0], "ДатаНачала"),
            max(_day(part, "ДатаКонца" if part.get("ДатаКонца") else "ДатаНачала") for part in parts),
            _sum(parts[0], "НачальныйОстаток"),
            _sum(parts[-1], "КонечныйОстаток"),
            lines,
        )
    )


def _text(body: bytes) -> str:
    """Decoded by the code page that the file itself names; both write the name's ASCII letters alike."""
    if not body.startswith(b"1CClientBankExchange"):
        raise bad("The file does not begin with 1CClientBankExchange.")
    for name, page in _CODE_PAGES.items():
        try:
            text = body.decode(page)
        except UnicodeDecodeError:
            continue
        if re.search(rf"^Кодировка={name}\r?$", text, re.MULTILINE):
            return text
    raise bad("The file's Кодировка is neither Windows nor DOS, or its bytes are not in that code page.")


def _lines(text: str) -> Iterator[tuple[int, str, str, bool]]:
    """Number, key, value, and whether the line has an equals sign; empty lines are passed over."""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if any(ord(sign) < 32 and sign != "\t" for sign in line):
            raise bad(f"Line {number} holds a control character.")
        if line.strip():
            key, equals, value = line.partition("=")
            yield number, key.strip(), value.strip(), bool(equals)


def _sections(text: str) -> list[_Section]:
    done: list[_Section] = []
    now = _Section("header")
    ended = False
    for number, key, value, equals in _lines(text):
        if ended:
            raise bad(f"Line {number} stands behind КонецФайла.")
        if key == "КонецФайла":
            ended = now.name == "header"
        elif key in _SECTIONS and now.name == "header":
            now = _Section(key)
        elif now.name != "header" and key == _SECTIONS[now.name]:
            done.append(now)
            now = _Section("header")
        elif key in _SECTIONS or key in _SECTIONS.values():
            raise bad(f"Line {number}: {key} does not fit here.")
        elif equals and now.name != "header":
            if key in now.values and key not in _REPEATED:
                raise bad(f"Line {number}: {key} stands twice in its section.")
            now.values[key] = value
    if not ended:
        raise bad("The file is cut short: КонецФайла is missing.")
    return done


def _line(values: dict[str, str], account: str) -> Line:
    payer = values.get("ПлательщикРасчСчет") or _need(values, "ПлательщикСчет")
    receiver = values.get("ПолучательРасчСчет") or _need(values, "ПолучательСчет")
    out = account in (payer, values.get("ПлательщикСчет"))
    if out == (account in (receiver, values.get("ПолучательСчет"))):
        raise bad(f"Document {_need(values, 'Номер')} has the account {account} on both sides or on none.")
    micros = parse_sum(_need(values, "Сумма"), _CURRENCY)
    side = "Получатель" if out else "Плательщик"
    purpose = short(_purpose(values))
    mark = MARK.search(purpose)
    given_back = not out and _RETURN.search(purpose) is not None
    return Line(
        booked_on=_day(values, "ДатаСписано" if out else "ДатаПоступило"),
        micros=-micros if out else micros,
        reference=f"{_need(values, 'Номер')} {_need(values, 'Дата')}",
        ours=mark[0] if mark else "",
        document=_document(values, purpose, given_back) if out or given_back else "",
        counterparty=short(values.get(f"{side}1") or values.get(side, "")),
        account=receiver if out else payer,
        purpose=purpose,
        returns=given_back,
    )


def _document(values: dict[str, str], purpose: str, given_back: bool) -> str:
    """The number of our payment order: the document's own, or the one that a return names."""
    if not given_back:
        return _need(values, "Номер")
    named = _NAMED.findall(purpose)
    return named[0] if len(named) == 1 else ""


def _purpose(values: dict[str, str]) -> str:
    return values.get("НазначениеПлатежа") or "".join(
        values.get(f"НазначениеПлатежа{number}", "") for number in range(1, 7)
    )


def _need(values: dict[str, str], key: str) -> str:
    if value := values.get(key):
        return value
    raise bad(f"{key} is missing.")


def _day(values: dict[str, str], key: str) -> date:
    text = _need(values, key)
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date(int(text[6:]), int(text[3:5]), int(text[:2]))
    except ValueError:
        raise bad(f"{key} is no day such as 22.11.2026: {text[:20]!r}.") from None


def _sum(values: dict[str, str], key: str) -> int | None:
    """Balances may be below zero."""
    text = values.get(key)
    if not text:
        return None
    micros = parse_sum(text.removeprefix("-"), _CURRENCY)
    return -micros if text.startswith("-") else micros
