"""A payment file, read by people who have never seen our code, is the run that was approved: to whom, how much, for what."""

import json
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from random import Random

import xmlschema
from bank_world import approved, content, foreign, iban, made, payee, ru, ru_account
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from payouts.store import Payout, Run

READER = Path(__file__).parent / "one_c_reader.py"
COUNT = 60
RUSSIAN = "АБВЯабвяёЁ №«»—-=;:'\"/\\&<>%09ZzИП"
EUROPEAN = "AZaz09 &<>'\"-./ÄöüßéñİıŁжЖЁ"


def crowd(world: World, currency: str) -> tuple[dict[str, str], list[Payout], Run]:
    """Creators whose names have everything that may stand in a file, their names, payouts and run."""
    chance, names = Random(6), {}
    for number in range(COUNT):
        letters = RUSSIAN if currency == "RUB" else EUROPEAN
        name = "А" + "".join(chance.choices(letters, k=chance.randint(1, 100))).strip()
        names[f"c{number:03d}"] = name = " ".join(name.split())
        destination = ru(10 + number, name=name) if currency == "RUB" else foreign(10 + number, name=name)
        payee(world, f"c{number:03d}", f"{chance.randint(100, 10**9) / 100:.2f}", destination, currency)
    run = approved(world, currency)
    return names, world.payouts(run), run


def in_transit(world: World, run: Run) -> Decimal:
    """What the books hold back for creators."""
    query = (
        "SELECT -sum(b.balance) FROM balance b JOIN account a ON a.id = b.account_id"
        " WHERE a.code LIKE :code AND a.currency = :currency"
    )
    with transaction(world.engine) as session:
        found = session.scalar(
            text(query), {"code": "liabilities:creator:%:in_transit", "currency": run.currency}
        )
    return Decimal(found) / 1_000_000


def test_a_1c_parser_of_another_author_reads_the_payouts(world: World, tmp_path: Path) -> None:
    names, payouts, run = crowd(world, "RUB")
    path = tmp_path / "orders.txt"
    path.write_bytes(content(world, made(world, run)))
    done = subprocess.run([sys.executable, str(READER), str(path)], capture_output=True, check=True)
    orders = json.loads(done.stdout)["documents"]
    assert [(each["receiver"][0], each["receiver"][1], each["amount"]) for each in orders] == [
        (ru_account(10 + number), names[payout.creator], payout.amount.amount)
        for number, payout in enumerate(payouts)
    ]
    assert (
        sum(Decimal(each["amount"]) for each in orders) == Decimal(run.total.amount) == in_transit(world, run)
    )
    assert len({each["purpose"] for each in orders}) == len({each["number"] for each in orders}) == COUNT


def test_another_packages_schema_reads_the_payouts(world: World) -> None:
    names, payouts, run = crowd(world, "EUR")
    schema = xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))
    read = schema.to_dict(content(world, made(world, run, "pain.001")).decode())["CstmrCdtTrfInitn"]
    orders = read["PmtInf"][0]["CdtTrfTxInf"]
    assert [
        (
            each["CdtrAcct"]["Id"]["IBAN"],
            each["Cdtr"]["Nm"],
            each["Amt"]["InstdAmt"]["$"],
            each["PmtId"]["EndToEndId"],
        )
        for each in orders
    ] == [
        (
            iban(10 + number),
            names[payout.creator],
            Decimal(payout.amount.amount),
            payout.id[3:].replace("-", ""),
        )
        for number, payout in enumerate(payouts)
    ]
    total = sum(each["Amt"]["InstdAmt"]["$"] for each in orders)
    assert total == Decimal(read["GrpHdr"]["CtrlSum"]) == Decimal(run.total.amount) == in_transit(world, run)
