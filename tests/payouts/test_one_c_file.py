"""1C files (X7): read back by another author's parser, and nothing in a field that ends it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bank_world import OWN_RU, approved, content, documents, made, payee, ru, ru_account
from by_hand import FREE
from payout_world import World
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Invalid
from ledger.verify import run_checks
from payouts.bank.details import check_ru
from payouts.checks import CHECKS

READER = Path(__file__).parent / "one_c_reader.py"
NASTY = [
    "two\nlines",
    "two\rlines",
    "a\x1ab",
    "a\u2028b",
    "5 ₽",
    "Иванов 😀",
    "Әсел",
    "x КонецДокумента",
    "\xadx",
]


def by_another_author(path: Path, body: bytes) -> dict[str, Any]:
    path.write_bytes(body)
    done = subprocess.run([sys.executable, str(READER), str(path)], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_another_authors_parser_reads_the_same(world: World, tmp_path: Path) -> None:
    payee(world, "c1", "1234.569", ru(10, name="Иванова Ёлка №1 — «автор»"))
    payee(world, "c2", "2", ru(11, name="A=B; C", inn="7707083893", kpp="770701001"))
    payee(world, "c3", "0.99", ru(12))  # below the minimum
    payee(world, "c4", "5", {key: value for key, value in ru(13).items() if key != "inn"})
    file = made(world, approved(world))
    body = content(world, file)
    assert body.count(b"\r\n") == body.count(b"\n") == body.count(b"\r")
    assert (file.payments, file.total.amount, file.name) == (3, "1241.56", f"{file.run}.txt")

    read = by_another_author(tmp_path / "f.txt", body)
    assert read["head"] == ["1.03", "Windows", "Kopeck", OWN_RU]
    assert [each["amount"] for each in read["documents"]] == ["1234.56", "2.00", "5.00"]
    assert [each["number"] for each in read["documents"]] == ["1", "2", "3"]
    first = read["documents"][0]
    assert first["payer"] == [OWN_RU, "ИНН 7707083893 ООО «Рынок»", "7707083893", "044525225"]
    assert first["receiver"] == [
        *(ru_account(10), "Иванова Ёлка №1 — «автор»", "500100732259", "044525225"),
    ]
    assert first["purpose"] == "Выплата вознаграждения автору, KPK-1-1. НДС не облагается."
    assert first["date"] == "2026-11-02"


def test_every_required_key_stands_in_every_document(world: World) -> None:
    payee(world, "c1", "10", ru(10))
    [document] = documents(content(world, made(world, approved(world))))
    sides = [
        side + key
        for side in ("Плательщик", "Получатель")
        for key in ("Счет", "", "ИНН", "1", "РасчСчет", "Банк1", "Банк2", "БИК", "Корсчет")
    ]
    needed = ["Номер", "Дата", "Сумма", *sides, "ВидОплаты", "НазначениеПлатежа"]
    assert set(needed) <= set(document)


@pytest.mark.parametrize("name", NASTY)
def test_what_the_format_cannot_carry_is_refused_with_its_field(world: World, name: str) -> None:
    payee(world, "c1", "10", ru(10))
    payee(world, "c2", "10", ru(11, name=name))
    run = approved(world)
    with pytest.raises(Invalid) as caught:
        made(world, run)
    assert (caught.value.code, caught.value.fields["field"]) == ("unfit_field", "name")
    assert caught.value.fields["payout"] == world.payouts(run)[1].id
    assert [payout.state for payout in world.payouts(run)] == ["reserved", "reserved"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inn", "7707083894"),
        ("inn", "500100732258"),
        ("inn", "٧707083893"),
        ("account", ru_account(10)[:-1] + "9"),
        ("account", ru_account(10)[:-1]),
        ("bik", "044525226"),
        ("bik", "144525225"),
        ("correspondent", "30101810400000000224"),
        ("kpp", "77070100"),
        ("name", "x" * 161),
        ("name", " x"),
        ("name", ""),
    ],
)
def test_one_wrong_digit_names_the_field(field: str, value: str) -> None:
    check_ru(ru(10))
    with pytest.raises(Invalid) as caught:
        check_ru(ru(10) | {field: value})
    assert caught.value.fields["field"] == ("account" if value == "044525226" else field)


def test_numbers_go_on_from_file_to_file(world: World) -> None:
    payee(world, "c1", "10", ru(10))
    payee(world, "c2", "10", ru(11))
    made(world, approved(world))
    payee(world, "c3", "10", ru(12))
    [document] = documents(content(world, made(world, approved(world))))
    assert document["Номер"] == "3"
    assert "KPK-2-3." in document["НазначениеПлатежа"]


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("UPDATE file_payment SET payout_id = 999 WHERE payout_id = 1", 2),
        ("UPDATE file_payment SET file_id = 999 WHERE payout_id = 1", 2),
        ("DELETE FROM file_payment WHERE payout_id = 1", 1),
        ("UPDATE payment_file SET total = total + 1", 1),
    ],
)
def test_a_file_that_does_not_own_its_payouts_is_found(
    world: World, owner: Engine, statement: str, count: int
) -> None:
    payee(world, "c1", "10", ru(10))
    payee(world, "c2", "20", ru(11))
    made(world, approved(world))
    found = []
    for step in ("SELECT 1", FREE, statement):
        with owner.begin() as connection:
            connection.execute(text(step))
        with transaction(world.engine) as session:
            found.append([each.check for each in run_checks(session, CHECKS)])
    assert found == [[], [], ["payment_file_wrong"] * count]
