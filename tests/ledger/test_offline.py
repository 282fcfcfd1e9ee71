"""The export proves itself without us, and whatever is changed in it is named."""

import json
import random
from typing import Any

import pytest
from seal_help import NOW, SIGNER, exported, move, one_seal, posted, sealed
from sqlalchemy import Engine

from core.database import transaction
from core.money import Money
from ledger import accounts
from ledger.keyring import signer_of
from ledger.offline import verify_export
from ledger.offline_accounts import Accounts
from ledger.post import credit, debit, post

TRUSTED = [SIGNER.public]
DROP: Any = object()


@pytest.fixture
def lines(engine: Engine) -> list[bytes]:
    """Two seals of two entries, and one entry that is not sealed."""
    for part in ("ab", "cd"):
        with transaction(engine) as session:
            for key in part:
                move(session, key, note='nasty "note"\n\u2028{},[] ё🙂')
        sealed(engine)
    with transaction(engine) as session:
        dollars = Money(5, "USD")
        legs = [debit(accounts.OPENING, dollars), credit(accounts.creator("c1", "pending"), dollars)]
        post(session, key="e", kind="x", effective_on=NOW.date(), legs=legs)
    return exported(engine)


def changed(lines: list[bytes], at: int, **fields: Any) -> list[bytes]:
    """The export with one line's fields changed, in the order of its kind: key 1, seal 2, entries 3, 4, seal 5 …"""
    line = json.loads(lines[at]) | fields
    return [*lines[:at], json.dumps(line).encode() + b"\n", *lines[at + 1 :]]


def test_an_honest_export(lines: list[bytes]) -> None:
    report = verify_export(iter(lines), TRUSTED)
    assert report.problems == []
    assert (report.entries, report.sealed, report.postings, report.accounts, report.seals) == (5, 4, 10, 4, 2)
    assert [json.loads(line).get("type") for line in lines] == [
        None, "key", "seal", "entry", "entry", "seal", "entry", "entry", "entry", "trailer",
    ]  # fmt: skip
    assert report.head
    assert verify_export(lines, TRUSTED, report.head).problems == []
    assert verify_export(lines, TRUSTED, (1, report.head[1])).problems
    assert verify_export(lines, TRUSTED, (3, report.head[1])).problems == [
        "seal 3: it is missing, and was written down as the head"
    ]


def test_an_empty_ledger(engine: Engine) -> None:
    report = verify_export(exported(engine), TRUSTED)
    assert (report.problems, report.entries, report.head) == ([], 0, None)


def test_a_stranger_s_key(lines: list[bytes]) -> None:
    [problem] = verify_export(lines, [signer_of(b"x" * 32).public]).problems
    assert problem == f"key {SIGNER.id}: no trusted key is or endorsed it; it signed seals 1 to 2"


@pytest.mark.parametrize(
    ("at", "fields", "names"),
    [
        (3, {"note": None}, ["entry ent_", "seal 1"]),
        (3, {"recorded_at": 5}, ["entry ent_"]),
        (6, {"effective_on": "2026-11-03"}, ["entry ent_", "seal 2"]),
        (6, {"seal": None}, ["seal 2"]),
        (6, {"seal": 1}, ["entry ent_", "seal 2"]),
        (6, {"postings": []}, ["do not balance", "seal 2"]),
        (8, {"currency": "EUR"}, ["USD", "EUR"]),
        (8, {"postings": [["equity:opening", 1, 5, 5]]}, ["do not balance", "the export says 10 postings"]),
        (8, {"postings": [["a", 1, 5, 5], ["b", 2, -5, -5]]}, ["account b USD"]),
        (8, {"postings": [["a", 1, 5, 6], ["b", 1, -5, -5]]}, ["account a USD"]),
        (2, {"root": "00" * 32}, ["seal 1: its root", "seal 1: its hash", "seal 2: it follows"]),
        (2, {"entries": 3}, ["seal 1: it holds 3 entries"]),
        (2, {"hash": "00" * 32}, ["seal 1: its hash"]),
        (5, {"signature": "00" * 64}, ["seal 2: its signature"]),
        (5, {"from_xid": 1}, ["seal 2: it does not begin"]),
        (1, {"public_key": "11" * 32}, ["its public key is that of"]),
        (9, {"entries": 6}, ["the export says 6 entries and has 5"]),
        (9, {"currencies": {}}, ["adds up to"]),
        (3, {"postings": [[1, 2]]}, ["line 4 is not"]),
        (3, {"recorded_at": 2**80}, ["line 4 is not"]),
        (3, {"type": "else"}, ["line 4 is not"]),
        (0, {"version": 2}, ["line 1 is not"]),
    ],
)
def test_what_was_changed_is_named(
    lines: list[bytes], at: int, fields: dict[str, Any], names: list[str]
) -> None:
    told = "\n".join(verify_export(changed(lines, at, **fields), TRUSTED).problems)
    assert all(name in told for name in names), told


@pytest.mark.parametrize("at", range(1, 10))
def test_no_line_can_be_left_out(lines: list[bytes], at: int) -> None:
    assert verify_export(lines[:at] + lines[at + 1 :], [b"0" * 32] if at == 1 else TRUSTED).problems


@pytest.mark.parametrize("at", range(2, 9))
def test_no_line_can_stand_twice_or_elsewhere(lines: list[bytes], at: int) -> None:
    assert verify_export([*lines[:at], lines[at], *lines[at:]], TRUSTED).problems
    swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    assert verify_export(swapped, TRUSTED).problems


@pytest.mark.parametrize("junk", [b"", b"\xff", b"[]\n", b"null", b"{" * 5000, b'{"type":"entry"}'])
def test_junk_is_a_problem_and_no_crash(lines: list[bytes], junk: bytes) -> None:
    assert "line 3 is not a line of an export, or was damaged" in (
        verify_export([*lines[:2], junk, *lines[2:]], TRUSTED).problems
    )
    assert verify_export([junk]).problems
    assert verify_export([]).problems


def test_accounts_join_up_in_any_order_and_only_as_they_were() -> None:
    dice = random.Random(1)
    amounts = [dice.choice([-3, 5, 7]) for _ in range(50)]
    rows = [(n + 1, amount, sum(amounts[: n + 1])) for n, amount in enumerate(amounts)]

    def wrong(rows: list[tuple[int, int, int]]) -> bool:
        accounts = Accounts()
        for row in dice.sample(rows, len(rows)):
            accounts.take("RUB", "a", *row)
        return list(accounts.problems()) != []

    assert not wrong(rows)
    assert wrong(rows[1:]) and wrong(rows[:20] + rows[21:]) and wrong([*rows, rows[7]])
    assert not wrong(rows[:-1]), "a shorter history is one, too: the trailer counts"
    version, amount, balance = rows[30]
    assert wrong([*rows[:30], (version, amount, balance + 1), *rows[31:]])
    assert wrong([*rows[:30], (version, amount + 1, balance), *rows[31:]])
    assert wrong([*rows[:30], (version + 1, amount, balance), *rows[31:]])


def test_an_export_is_one_snapshot_with_what_is_open_left_out(engine: Engine) -> None:
    posted(engine, "a")
    assert one_seal(engine)
    posted(engine, "b")
    kinds = [json.loads(line).get("seal") for line in exported(engine) if b'"entry"' in line]
    assert kinds == [1, None]
