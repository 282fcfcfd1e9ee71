"""Creators who are paid into bank accounts, runs of them, and what banks would answer."""

from collections.abc import Iterator
from typing import Any

from payout_world import World
from sqlalchemy import text

from core.database import transaction
from payouts.approve import approve_run
from payouts.bank.files import PaymentFile, file_content
from payouts.bank.import_statement import import_statement
from payouts.bank.make_file import make_file
from payouts.bank.payer import payer_of
from payouts.bank.statements import BankLine, BankStatement, list_lines
from payouts.request import request_run
from payouts.store import Run

BIK = "044525225"
CORRESPONDENT = "30101810400000000225"


def ru_account(number: int, bik: str = BIK) -> str:
    """A ruble account with its key, made as the central bank's rule says."""
    bare = f"40817810{0}{number:011d}"
    weights = [7, 1, 3] * 8
    total = sum(int(digit) * weight for digit, weight in zip(bik[6:] + bare, weights, strict=False))
    return f"{bare[:8]}{total % 10 * 3 % 10}{bare[9:]}"


def iban(number: int) -> str:
    """A German IBAN with its check digits."""
    bare = f"37040044{number:010d}"
    return f"DE{98 - int(bare + '131400') % 97:02d}{bare}"


OWN_RU, OWN_IBAN = ru_account(1), iban(1)
TABLES: dict[str, Any] = {
    "ru": {
        "name": "ООО «Рынок»",
        "inn": "7707083893",
        "bik": BIK,
        "account": OWN_RU,
        "correspondent": CORRESPONDENT,
        "bank": "ПАО СБЕРБАНК",
        "bank_town": "г. Москва",
    },
    "iban": {"name": "Market GmbH", "iban": OWN_IBAN, "bic": "COBADEFFXXX", "town": "Köln", "country": "DE"},
}
PAYER = payer_of(TABLES)


def ru(number: int, **more: str) -> dict[str, str]:
    details = {"name": f"Автор {number}", "inn": "500100732259", "bik": BIK, "account": ru_account(number)}
    return details | {"correspondent": CORRESPONDENT} | more


def foreign(number: int, **more: str) -> dict[str, str]:
    details = {"name": f"Author {number}", "iban": iban(number), "bic": "COBADEFFXXX"}
    return details | {"town": "Berlin", "country": "DE"} | more


def payee(world: World, name: str, amount: str, destination: dict[str, str], currency: str = "RUB") -> None:
    """A creator with money and a verified account, whatever the payee's own checks would say to it."""
    with transaction(world.engine) as session:
        session.execute(text("INSERT INTO creator (id, name) VALUES (:id, :id)"), {"id": name})
        session.execute(
            text(
                "INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)"
                " VALUES (:id, 'company', 'bank', :sealed, 'anna', true, 'boris')"
            ),
            {"id": name, "sealed": world.vault.seal(destination)},
        )
    world.earn(name, amount, currency)


def approved(world: World, currency: str = "RUB") -> Run:
    asked = {"currency": currency, "provider": "bank", "until": None, "creators": None}
    world.do(request_run, **asked, person="anna", now=world.now)
    run = world.draft()
    assert run is not None
    return world.do(approve_run, run.id, "carla", world.now)


def made(world: World, run: Run, format: str = "1c") -> PaymentFile:
    return world.do(make_file, world.vault, PAYER, run.id, format, "dora", world.now)


def content(world: World, file: PaymentFile) -> bytes:
    with transaction(world.engine) as session:
        return b"".join(file_content(session, world.vault, file.id)[1])


def documents(file: bytes) -> Iterator[dict[str, str]]:
    """The documents of a 1C file, read as plainly as can be."""
    found: dict[str, str] = {}
    for line in file.decode("cp1251").split("\r\n"):
        key, _, value = line.partition("=")
        if key == "СекцияДокумент":
            found = {}
        elif key == "КонецДокумента":
            yield found
        else:
            found[key] = value


def imported(world: World, body: bytes) -> BankStatement:
    return world.do(import_statement, world.vault, PAYER, body, "dora", world.now)


def bank_lines(world: World, statement: BankStatement) -> list[BankLine]:
    with transaction(world.engine) as session:
        return list_lines(session, statement=statement.id)[::-1]


def statement_1c(*documents: dict[str, str], opening: str = "0.00", **more: str) -> bytes:
    """What a bank answers, in its usual order; `closing` follows from the documents."""
    total = sum(
        (-1 if each["ПлательщикСчет"] == OWN_RU else 1) * int(each["Сумма"].replace(".", ""))
        for each in documents
    ) + int(opening.replace(".", ""))
    sign, total = "-" if total < 0 else "", abs(total)
    head = ["1CClientBankExchange", "ВерсияФормата=1.03", "Кодировка=Windows", "Получатель=1С"]
    account = {
        "ДатаНачала": more.get("since", "02.11.2026"),
        "ДатаКонца": "02.11.2026",
        "РасчСчет": OWN_RU,
        "НачальныйОстаток": opening,
        "КонечныйОстаток": more.get("closing", f"{sign}{total // 100}.{total % 100:02d}"),
    }
    lines = [*head, "СекцияРасчСчет", *_pairs(account), "КонецРасчСчет"]
    for each in documents:
        lines += ["СекцияДокумент=Платежное поручение", *_pairs(each), "КонецДокумента"]
    return "\r\n".join([*lines, "КонецФайла", ""]).encode("cp1251")


def booked(document: dict[str, str], day: str = "02.11.2026", **changed: str) -> dict[str, str]:
    """A payment order of ours as the statement shows it."""
    return document | {"ДатаСписано": day} | changed


def incoming(amount: str, purpose: str, number: str = "77", day: str = "02.11.2026") -> dict[str, str]:
    return {
        "Номер": number,
        "Дата": day,
        "Сумма": amount,
        "ПлательщикСчет": ru_account(99),
        "Плательщик1": "ООО Ромашка",
        "ПолучательСчет": OWN_RU,
        "ДатаПоступило": day,
        "НазначениеПлатежа": purpose,
    }


def _pairs(values: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]
