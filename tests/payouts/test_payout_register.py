"""The register that finance pays from: nothing in it that must not be paid, nothing in it that a spreadsheet runs."""

import csv
import io

import pytest
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from payouts.approve import approve_run
from payouts.hold import hold_payout
from payouts.register import guard, register_csv, register_rows
from payouts.send import send_manual


def read(world: World, run_id: str) -> list[dict[str, str]]:
    with transaction(world.engine) as session:
        lines = "".join(register_csv(session, world.vault, run_id))
    return list(csv.DictReader(io.StringIO(lines, newline="")))


def test_rows_hold_what_was_approved(world: World) -> None:
    world.creator("c1", "10.00", bank="Банк")
    world.creator("c2", "20.5", bik="044525225")
    world.creator("c3", "30.00")
    run = world.drafted()
    world.do(hold_payout, world.payouts(run)[2].id, "why", "anna")
    assert read(world, run.id) == []
    world.do(approve_run, run.id, "boris", world.now)
    world.do(send_manual, world.now)
    first, second = read(world, run.id)
    assert (first["creator"], first["amount"], first["currency"], first["bank"], first["bik"]) == (
        *("c1", "10.00", "RUB", "Банк"),
        "",
    )
    assert (second["amount"], second["state"], second["bik"]) == ("20.50", "sent", "044525225")
    with transaction(world.engine) as session:
        [row, _] = register_rows(session, world.vault, run.id)
    assert row.destination == {"account": "4081781000000000c1", "bank": "Банк"}


def test_a_field_of_the_destination_never_hides_ours(world: World) -> None:
    world.creator("c1", "10.00", state="asleep")
    [row] = read(world, world.sent().id)
    assert (row["state"], row["payee.state"]) == ("sent", "asleep")


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x";"y")', "+1", "-1", "@SUM", "\t=1", "\r=1", '"a","b"', "two\nlines", "a=1"]
)
def test_a_spreadsheet_runs_nothing(world: World, name: str) -> None:
    world.creator("c1", "10.00")
    with transaction(world.engine) as session:
        session.execute(text("UPDATE creator SET name = :name"), {"name": name})
    [row] = read(world, world.sent().id)
    assert row["name"] == (f"'{name}" if name[0] in "=+-@\t\r" else name)
    assert row["amount"] == "10.00"


def test_the_guard_knows_nul() -> None:
    assert (guard("\0=1"), guard(""), guard("x")) == ("'\0=1", "", "x")


def test_pages_follow_each_other(world: World) -> None:
    world.many(2100)
    run = world.sent()
    assert [row["creator"] for row in read(world, run.id)] == [f"m{i:06d}" for i in range(1, 2101)]
    assert world.refused(register_rows, world.vault, run.id[:-1]) == "not_found"
