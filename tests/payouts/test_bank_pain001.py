"""pain.001 files (X6): another package's schema takes them and reads back what was meant."""

from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import xmlschema
from bank_world import OWN_IBAN, PAYER, approved, content, foreign, iban, made, payee
from payout_world import World

from core.errors import Invalid
from payouts.bank.details import check_iban
from payouts.bank.make_file import make_file
from payouts.hold import release_payout
from payouts.payee import put_payee


def schema(version: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / f"pain.001.001.{version}.xsd"))


def read(body: bytes, version: str = "09") -> dict[str, Any]:
    return schema(version).to_dict(body.decode())["CstmrCdtTrfInitn"]


def three(world: World, currency: str = "EUR") -> None:
    payee(world, "c1", "1234.567", foreign(10, name="Zoë & <Söhne> \"q\" 'a'", street="Am Markt"), currency)
    payee(world, "c2", "2", foreign(11, name="Иван Иванов"), currency)
    without = {key: value for key, value in foreign(12).items() if key != "bic"}
    payee(world, "c3", "7.1", without, currency)


@pytest.mark.parametrize("version", ["09", "03"])
def test_another_packages_schema_reads_it_back(world: World, version: str) -> None:
    three(world)
    file = made(world, approved(world, "EUR"), "pain.001" if version == "09" else "pain.001.03")
    body = content(world, file)
    schema(version).validate(body.decode())
    read_back = read(body, version)
    [batch] = read_back["PmtInf"]
    transfers = batch["CdtTrfTxInf"]
    amounts = [Decimal(each["Amt"]["InstdAmt"]["$"]) for each in transfers]
    assert amounts == [Decimal("1234.56"), Decimal("2.00"), Decimal("7.10")]
    for head in (read_back["GrpHdr"], batch):
        assert (int(head["NbOfTxs"]), Decimal(head["CtrlSum"])) == (3, sum(amounts))
    assert [each["Amt"]["InstdAmt"]["@Ccy"] for each in transfers] == ["EUR"] * 3
    marks = [each["PmtId"]["EndToEndId"] for each in transfers]
    assert len(set(marks)) == 3 and all(len(mark) == 32 for mark in marks)
    assert [each["Cdtr"]["Nm"] for each in transfers][:2] == ["Zoë & <Söhne> \"q\" 'a'", "Иван Иванов"]
    assert [each["CdtrAcct"]["Id"]["IBAN"] for each in transfers] == [iban(10), iban(11), iban(12)]
    assert ["CdtrAgt" in each for each in transfers] == [True, True, False]
    assert batch["DbtrAcct"]["Id"]["IBAN"] == OWN_IBAN
    assert batch["BtchBookg"] is True
    addresses = [batch["Dbtr"]["PstlAdr"], *(each["Cdtr"]["PstlAdr"] for each in transfers)]
    assert all({"TwnNm", "Ctry"} <= set(address) and "AdrLine" not in address for address in addresses)
    assert batch["PmtInfId"] == "KPB-20261102-1"
    assert file.total.amount == "1243.66"


def test_yen_has_no_decimals(world: World) -> None:
    payee(world, "c1", "1500.5", foreign(10), "JPY")
    read_back = read(content(world, made(world, approved(world, "JPY"), "pain.001")))
    assert read_back["PmtInf"][0]["CdtTrfTxInf"][0]["Amt"]["InstdAmt"] == {"@Ccy": "JPY", "$": Decimal(1500)}
    assert read_back["PmtInf"][0]["ChrgBr"] == "SHAR"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\x01b"),
        ("name", "two\nlines"),
        ("name", "emoji 😀"),
        ("name", "x" * 141),
        ("name", "\u202eabc"),
        ("iban", iban(10)[:-1] + "X"),
        ("iban", "DE00370400440000000010"),
        ("iban", iban(10).lower()),
        ("bic", "COBADEF"),
        ("town", ""),
        ("town", "x" * 36),
        ("country", "de"),
        ("country", "DEU"),
    ],
)
def test_what_no_bank_takes_is_refused_with_its_field(field: str, value: str) -> None:
    check_iban(foreign(10))
    with pytest.raises(Invalid) as caught:
        check_iban(foreign(10) | {field: value})
    assert caught.value.fields["field"] == field


def test_a_file_is_made_once_and_owns_its_payouts(world: World) -> None:
    three(world)
    run = approved(world, "EUR")
    first = made(world, run, "pain.001")
    assert [payout.state for payout in world.payouts(run)] == ["sent"] * 3
    body = content(world, first)
    world.now += timedelta(hours=5)
    assert made(world, run, "pain.001") == first
    assert content(world, first) == body
    assert (
        world.refused(make_file, world.vault, PAYER, run.id, "pain.001.03", "dora", world.now) == "file_made"
    )
    assert world.refused(make_file, world.vault, PAYER, run.id, "1c", "dora", world.now) == "file_made"


def test_only_an_approved_run_of_the_bank_has_a_file(world: World) -> None:
    def refused(run_id: str, format: str = "1c") -> str:
        return world.refused(make_file, world.vault, PAYER, run_id, format, "dora", world.now)

    three(world)
    world.creator("m1", "10.00")
    by_hand = world.drafted()
    assert refused(by_hand.id) == "not_a_bank_run"
    run = approved(world, "EUR")
    assert refused(run.id, "1c") == "rubles_only"
    assert refused(run.id, "mt101") == "bad_format"
    assert refused(run.id[:-1]) == "not_found"


def test_whose_payee_changed_is_held_and_not_in_the_file(world: World) -> None:
    three(world)
    run = approved(world, "EUR")
    world.do(
        put_payee,
        world.vault,
        "c2",
        tax_status="company",
        method="manual",
        destination={"a": "b"},
        person="c2",
        now=world.now,
    )
    file = made(world, run, "pain.001")
    assert [payout.state for payout in world.payouts(run)] == ["sent", "held", "sent"]
    assert file.payments == len(read(content(world, file))["PmtInf"][0]["CdtTrfTxInf"]) == 2
    held = world.payouts(run)[1]
    assert world.refused(release_payout, held.id, "anna") == "file_made"
    assert made(world, run, "pain.001") == file
