"""What a superuser can do to sealed books, and how each of it is found and named."""

from dataclasses import replace

import pytest
from seal_help import SIGNER, checked, exported, named, one_seal, posted, rewrite, sealed
from sqlalchemy import Engine, select, text

from core.database import transaction
from ledger.check_seals import check_seals
from ledger.keyring import signer_of
from ledger.leaves import hashes, take_leaves
from ledger.merkle import root_of
from ledger.offline import verify_export
from ledger.post import Posted
from ledger.seal_record import endorsement_record
from ledger.seals import COLUMNS, seal_of
from ledger.verify import verify

THIEF = signer_of(b"t" * 32)


@pytest.fixture
def entries(engine: Engine) -> list[Posted]:
    """Three seals of three entries each."""
    found = []
    for part in ("abc", "def", "ghi"):
        found += posted(engine, *part)
        assert one_seal(engine)
    assert checked(engine) == [] == offline(engine)
    return found


def offline(engine: Engine) -> list[str]:
    return verify_export(exported(engine), [SIGNER.public]).problems


def plain(engine: Engine) -> list[object]:
    """What arithmetic alone finds."""
    with transaction(engine) as session:
        return list(verify(session))


MEND = """
    UPDATE posting SET balance = p.total FROM (SELECT account_id, version, sum(amount) OVER (PARTITION BY account_id
        ORDER BY version) AS total FROM posting) p
    WHERE p.account_id = posting.account_id AND p.version = posting.version
"""
MEND_BALANCES = """
    UPDATE balance SET balance = p.balance FROM posting p WHERE p.account_id = balance.account_id
        AND p.version = balance.version
"""


def test_an_amount_that_was_changed_with_all_that_follows_from_it(
    engine: Engine, owner: Engine, entries: list[Posted]
) -> None:
    changed = entries[4]
    rewrite(
        owner,
        f"UPDATE posting SET amount = amount * 2 WHERE entry_id = {changed.id}",
        MEND,
        MEND_BALANCES,
    )
    assert plain(engine) == [], "arithmetic is content"
    # Every later running balance had to be mended, so every later entry is another one, too.
    assert named(engine) == {("entry_changed", f"entry {entry.public}") for entry in entries[4:]}
    assert f"entry {changed.public}: it is not what seal 2 holds" in offline(engine)


@pytest.mark.parametrize(
    "change",
    [
        "note = 'bonus'",
        "key = 'other'",
        "kind = 'reward.accrue'",
        "effective_on = effective_on + 1",
        "booked_on = booked_on - 1",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "corrects = 1",
        "currency = 'USD'",
    ],
)
def test_any_field_of_an_entry(engine: Engine, owner: Engine, entries: list[Posted], change: str) -> None:
    rewrite(owner, f"UPDATE entry SET {change} WHERE id = {entries[7].id}")
    assert named(engine) == {("entry_changed", f"entry {entries[7].public}")}
    assert any(entries[7].public in problem for problem in offline(engine))


def test_a_deleted_entry_is_named_by_its_number(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    id = entries[1].id
    rewrite(owner, f"DELETE FROM posting WHERE entry_id = {id}", f"DELETE FROM entry WHERE id = {id}")
    [finding] = checked(engine)
    assert (finding.check, finding.subject) == ("entry_deleted", f"entry {id}") and "seal 1" in finding.detail
    assert f"entry {id}: seal 1 holds it, and it is gone" in offline(engine)


def test_postings_without_their_entry_or_the_other_way_round(
    engine: Engine, owner: Engine, entries: list[Posted]
) -> None:
    rewrite(owner, f"DELETE FROM posting WHERE entry_id = {entries[8].id}")
    assert named(engine) == {("entry_changed", f"entry {entries[8].public}")}


def test_two_entries_that_changed_places(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    one, two = entries[3].id, entries[5].id
    rewrite(
        owner,
        f"UPDATE entry SET key = 'tmp' WHERE id = {one}",
        f"UPDATE entry SET key = 'd' WHERE id = {two}",
        f"UPDATE entry SET key = 'f' WHERE id = {one}",
        f"UPDATE posting SET entry_id = CASE entry_id WHEN {one} THEN {two} ELSE {one} END"
        f" WHERE entry_id IN ({one}, {two})",
    )
    assert named(engine) == {("entry_changed", f"entry {entries[at].public}") for at in (3, 5)}


INSERT = (
    "INSERT INTO entry (id, key, fingerprint, kind, currency, effective_on, booked_on, posting_count, xid) OVERRIDING"
    " SYSTEM VALUE SELECT :id, 'forged', fingerprint, kind, currency, effective_on, booked_on, 2, {xid} FROM entry"
    " WHERE id = 1"
)
POSTINGS = (
    "INSERT INTO posting SELECT account_id, version + 1000, :id, amount, balance, booked_on, latest_on FROM posting"
    " WHERE entry_id = 1"
)


def test_an_entry_put_among_sealed_transactions(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    rewrite(owner, INSERT.format(xid="xid"), POSTINGS, id=-5)
    [finding] = checked(engine)
    assert finding.check == "entry_added" and "seal 1" in finding.detail
    assert any("entry" in problem and "seal 1 holds" in problem for problem in offline(engine))


def test_an_entry_with_an_id_that_had_passed(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    """It is found while it waits for its seal, and still after an honest sealer took it."""
    rewrite(owner, INSERT.format(xid="pg_current_xact_id()::text::bigint"), POSTINGS, id=0)
    [finding] = checked(engine)
    assert finding.check == "entry_forged"
    assert sealed(engine)
    assert checked(engine) == [finding]


def test_a_transaction_below_all(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    rewrite(owner, INSERT.format(xid="-7"), POSTINGS, id=1000)
    assert {check for check, _ in named(engine)} == {"entry_added"}


def test_an_entry_moved_to_another_transaction(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    rewrite(owner, f"UPDATE entry SET xid = (SELECT xid FROM entry WHERE id = {entries[8].id}) WHERE id = 1")
    name = f"entry {entries[0].public}"
    assert named(engine) == {("entry_changed", name), ("entry_added", name), ("entry_forged", name)}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("root = sha256(root)", {"seal 2", "seal 3"}),
        ("hash = sha256(hash)", {"seal 2"}),
        ("signature = signature || ''::bytea, sealed_at = sealed_at + interval '1 s'", {"seal 2", "seal 3"}),
        ("signature = sha256(signature) || sha256(signature)", {"seal 2"}),
        ("previous = sha256(previous)", {"seal 2", "seal 3"}),
        ("last_entry = last_entry + 1", {"seal 2", "seal 3"}),
    ],
)
def test_a_seal_that_was_changed(
    engine: Engine, owner: Engine, entries: list[Posted], change: str, broken: set[str]
) -> None:
    rewrite(owner, f"UPDATE seal SET {change} WHERE n = 2")
    assert {subject for check, subject in named(engine) if check == "seal_broken"} == broken
    assert {problem.split(":")[0] for problem in offline(engine)} >= broken


def test_leaves_that_were_changed_with_the_entry(
    engine: Engine, owner: Engine, entries: list[Posted]
) -> None:
    rewrite(owner, "UPDATE seal SET leaves = leaves || leaves, entries = 6 WHERE n = 2")
    assert ("seal_broken", "seal 2") in named(engine)


@pytest.mark.parametrize("n", [1, 2])
def test_a_seal_that_is_gone(engine: Engine, owner: Engine, entries: list[Posted], n: int) -> None:
    rewrite(owner, f"DELETE FROM seal WHERE n = {n}")
    [finding] = checked(engine)
    assert (finding.check, finding.subject) == ("seal_broken", f"seal {n + 1}")
    assert f"seal {n} is missing" in finding.detail
    assert any(f"seal {n} is missing" in problem for problem in offline(engine))


def test_the_newest_seal_that_is_gone_is_shown_by_the_head_that_was_written_down(
    engine: Engine, owner: Engine, entries: list[Posted]
) -> None:
    with transaction(engine) as session:
        n, hash = session.execute(text("SELECT n, hash FROM seal ORDER BY n DESC LIMIT 1")).one()
    head = (n, bytes(hash))
    rewrite(owner, "DELETE FROM seal WHERE n = 3")
    assert checked(engine) == []
    assert sealed(engine, signer=SIGNER), "the honest sealer seals its entries again"
    rewrite(owner, "UPDATE seal SET sealed_at = sealed_at WHERE n = 3")
    with transaction(engine) as session:
        assert check_seals(session, [SIGNER.public], (n, head[1]))
    for at in (head, (4, head[1])):
        assert verify_export(exported(engine), [SIGNER.public], at).problems


def test_all_signed_anew_with_another_key(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    """A perfect forgery inside the database: only a key known from outside it tells."""
    rewrite(owner, "UPDATE entry SET note = 'bonus' WHERE id = 2")
    forge(engine, owner, THIEF.id, None)
    rewrite(owner, f"DELETE FROM seal_key WHERE id = '{SIGNER.id}'")
    assert checked(engine, trusted=()) == []
    assert verify_export(exported(engine)).problems == []
    [finding] = checked(engine)
    assert finding.subject == f"key {THIEF.id}" and "seals 1 to 3" in finding.detail
    assert any(THIEF.id in problem for problem in offline(engine))


def test_a_key_that_claims_an_endorsement(engine: Engine, owner: Engine, entries: list[Posted]) -> None:
    forge(engine, owner, THIEF.id, THIEF.sign(endorsement_record(THIEF.public)))
    assert ("seal_broken", f"key {THIEF.id}") in named(engine, trusted=())
    assert ("seal_broken", f"key {THIEF.id}") in named(engine)


def forge(engine: Engine, owner: Engine, key: str, endorsement: bytes | None) -> None:
    """Make every leaf, root, hash and signature anew over the books as they stand."""
    rewrite(
        owner,
        "INSERT INTO seal_key (id, public_key, endorsed_by, endorsement) VALUES (:key, :public, :by, :endorsement)",
        key=key,
        public=THIEF.public,
        by=SIGNER.id if endorsement else None,
        endorsement=endorsement,
    )
    with transaction(engine) as session:
        seals = [seal_of(row) for row in session.execute(select(*COLUMNS).order_by(COLUMNS[0]))]
        taken = [take_leaves(session, seal.from_xid, seal.below_xid) for seal in seals]
    before = bytes(32)
    for seal, leaves in zip(seals, taken, strict=True):
        assert leaves
        new = replace(seal, root=root_of(hashes(leaves.leaves)), previous=before, key_id=key)
        before = new.digest()
        rewrite(
            owner,
            "UPDATE seal SET root = :root, previous = :previous, key_id = :key, hash = :hash, signature = :signature,"
            " leaves = :leaves WHERE n = :n",
            root=new.root,
            previous=new.previous,
            key=key,
            hash=before,
            signature=THIEF.sign(new.record()),
            leaves=leaves.leaves,
            n=seal.n,
        )
