"""Seals hold every entry exactly once, whatever order transactions begin and end in, and nobody waits for them."""

import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from seal_help import NOW, SIGNER, checked, entry_ids, move, one_seal, posted, sealed, sealed_ids
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from ledger.merkle import Proof, leaf_hash
from ledger.seal import take_seal
from ledger.seal_record import NO_SEAL
from ledger.seals import get_seal, list_seals, prove_entry, unsealed


def test_a_seal_holds_what_came_since_the_last_one(engine: Engine) -> None:
    assert one_seal(engine) is None
    posted(engine, "a", "b")
    first = one_seal(engine)
    assert first and (first.n, first.entries, first.postings, first.previous) == (1, 2, 4, NO_SEAL)
    assert one_seal(engine) is None
    posted(engine, "c")
    second = one_seal(engine)
    assert second and (second.n, second.entries, second.previous) == (2, 1, first.hash)
    assert second.from_xid == first.below_xid
    assert sealed_ids(engine) == entry_ids(engine)
    assert checked(engine) == []
    with transaction(engine) as session:
        assert list_seals(session, 10) == [second, first]
        assert get_seal(session, 1) == first
        assert unsealed(session) == (0, None)


def test_a_backlog_is_cut_behind_the_transaction_that_fills_a_seal(engine: Engine) -> None:
    posted(engine, *"abc")
    with transaction(engine) as session:
        for n in range(10):
            move(session, f"huge{n}")
    posted(engine, *"de")
    assert [seal.postings for seal in sealed(engine, most=4)] == [4, 22, 4]
    assert sealed_ids(engine) == entry_ids(engine)
    assert checked(engine) == []


def test_who_begins_early_and_ends_late_is_sealed_once(engine: Engine) -> None:
    posted(engine, "open", creator="late")
    with Session(engine) as late, late.begin():
        early = move(late, "early", "late")
        posted(engine, "after")
        first = one_seal(engine)
        assert first and first.entries == 1, "only what ended before the transaction that is still open began"
        assert one_seal(engine) is None
    second = one_seal(engine)
    assert second and second.entries == 2 and early.id in sealed_ids(engine)
    assert sealed_ids(engine) == entry_ids(engine)
    assert checked(engine) == []


def test_an_id_taken_early_and_committed_late_is_no_forgery(engine: Engine) -> None:
    """The transaction with the higher xid takes the lower entry id and is still open when the other is sealed."""
    posted(engine, "a", creator="one")
    posted(engine, "b", creator="two")
    with Session(engine) as lower, Session(engine) as higher:
        lower.execute(text("SELECT pg_current_xact_id()"))
        slow = move(higher, "slow", "one")
        quick = move(lower, "quick", "two")
        assert slow.id < quick.id
        lower.commit()
        seals = sealed(engine)
        assert sum(seal.entries for seal in seals) == 3 and seals[-1].last_entry == quick.id
        assert checked(engine) == []
        higher.commit()
    assert checked(engine) == []
    sealed(engine)
    assert checked(engine) == []
    assert sorted(sealed_ids(engine)) == entry_ids(engine)


@pytest.mark.parametrize("seed", range(12))
def test_any_interleaving_is_sealed_exactly_once(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    posted(engine, *(f"open{n}" for n in range(4)))
    for n in range(4):
        posted(engine, f"own{n}", creator=f"c{n}x")
    with ExitStack() as stack:
        writers = [stack.enter_context(Session(engine)) for _ in range(4)]
        for step in range(60):
            at = dice.randrange(4)
            match dice.choice(["touch", "post", "post", "commit", "commit", "abandon", "seal"]):
                case "touch":
                    writers[at].execute(text("SELECT pg_current_xact_id()"))
                case "post":
                    move(writers[at], f"k{step}", f"c{at}x")
                case "commit":
                    writers[at].commit()
                case "abandon":
                    writers[at].rollback()
                case "seal":
                    sealed(engine, most=dice.choice([2, 6, 1000]))
                    assert checked(engine) == []
        for writer in writers:
            writer.commit()
    sealed(engine)
    assert sorted(sealed_ids(engine)) == entry_ids(engine)
    assert checked(engine) == []


def test_a_writer_does_not_wait_for_an_open_seal(engine: Engine) -> None:
    posted(engine, "a")
    with transaction(engine) as sealing:
        assert take_seal(sealing, SIGNER, NOW)
        with transaction(engine) as session:
            session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            move(session, "b")
            move(session, "c", "new")
    sealed(engine)
    assert sealed_ids(engine) == entry_ids(engine)


def test_sealing_while_eight_write(engine: Engine) -> None:
    done = threading.Event()

    def write(number: int) -> int:
        for n in range(40):
            with transaction(engine) as session:
                session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                move(session, f"w{number}:{n}", f"w{number}")
        return 40

    def keep_sealing() -> int:
        count = 0
        while not done.is_set():
            count += len(sealed(engine, most=30))
        return count

    for n in range(8):
        posted(engine, f"open{n}", creator=f"w{n}")
    with ThreadPoolExecutor(10) as pool:
        sealers = [pool.submit(keep_sealing) for _ in range(2)]
        assert sum(pool.map(write, range(8))) == 320
        done.set()
        assert sum(sealer.result() for sealer in sealers) > 1
    sealed(engine)
    assert sorted(sealed_ids(engine)) == entry_ids(engine)
    assert checked(engine) == []


CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from seal_help import NOW, SIGNER
from core.database import make_engine
from ledger.seal import seal_all
for seal in seal_all(make_engine(sys.argv[1], "Europe/Moscow"), SIGNER, lambda: NOW, 2):
    print(seal.n, flush=True)
"""


def test_a_sealer_that_is_killed_leaves_whole_seals(engine: Engine, database_url: str) -> None:
    posted(engine, *(f"k{n}" for n in range(80)))
    here = Path(__file__).parent
    command = [sys.executable, "-c", CHILD, database_url, str(here)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=here.parent.parent) as child:
        assert child.stdout and child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert checked(engine) == []
    left = len(entry_ids(engine)) - len(sealed_ids(engine))
    assert left, "killed before it was done"
    assert sum(seal.entries for seal in sealed(engine, most=2)) == left
    assert sealed_ids(engine) == entry_ids(engine)
    assert checked(engine) == []


def test_a_seal_is_the_first_thing_its_transaction_writes(engine: Engine) -> None:
    posted(engine, "a")
    with transaction(engine) as session, pytest.raises(RuntimeError):
        move(session, "b")
        take_seal(session, SIGNER, NOW)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_every_entry_has_its_proof(engine: Engine, size: int) -> None:
    with transaction(engine) as session:
        entries = [move(session, f"k{n}", note=f"note {n}") for n in range(size)]
    [seal] = sealed(engine)
    for index, entry in enumerate(entries):
        with transaction(engine) as session:
            proof = prove_entry(session, 1, entry.public)
        assert (proof.index, proof.size, proof.root) == (index, size, seal.root)
        assert leaf_hash(proof.content) == proof.leaf
        assert Proof(proof.index, proof.size, proof.path).root_for(proof.leaf) == seal.root
