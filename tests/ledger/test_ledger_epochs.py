"""The books move to another cluster, whose transaction ids start over: theirs go on rising, old watermarks say the same."""

from ledger_books import LINE, account_id, at_once, clean, fill, grant
from sqlalchemy import Engine, text

from core.database import transaction

_WATERMARK = text(
    "INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid) SELECT clock_timestamp(), ledger_epoch(),"
    " s::text, ledger_epoch() + pg_snapshot_xmin(s)::text::bigint FROM pg_current_snapshot() s RETURNING n"
)
# As if these books came from a cluster that had counted further than this one ever did.
_ELSEWHERE = text("INSERT INTO epoch (system_identifier, xid_offset) VALUES (4711, :more)")
_VISIBLE = text(
    "SELECT e.key FROM entry e, watermark w WHERE w.n = :n"
    " AND ledger_visible(e.xid, w.xid_offset, w.snapshot::pg_snapshot) ORDER BY e.id"
)


def mark(engine: Engine) -> int:
    with transaction(engine) as session:
        return int(session.scalar(_WATERMARK) or 0)


def seen(engine: Engine, n: int) -> tuple[int, list[str]]:
    """The line's version at the watermark, and every entry that it saw."""
    line = account_id(engine, LINE)
    with engine.connect() as connection:
        version = connection.scalar(text("SELECT ledger_version_at(:id, :n)"), {"id": line, "n": n})
        return int(version or 0), list(connection.scalars(_VISIBLE, {"n": n}))


def epochs(engine: Engine) -> list[tuple[int, int]]:
    with engine.connect() as connection:
        query = "SELECT system_identifier, xid_offset FROM epoch ORDER BY n"
        return [tuple(row) for row in connection.execute(text(query))]


def xids(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT xid FROM entry ORDER BY id")))


def test_a_post_in_another_cluster_enters_a_new_epoch(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    before = mark(engine)
    grant(engine, "g1", "1.00")
    after = mark(engine)
    expected = {before: seen(engine, before), after: seen(engine, after)}
    assert [version for version, _ in expected.values()] == [1, 2]

    with owner.begin() as connection:
        connection.execute(_ELSEWHERE, {"more": 0})
    first_epoch = xids(engine)
    grant(engine, "g2", "1.00")
    third = mark(engine)
    grant(engine, "g3", "1.00")
    ours, elsewhere, again = epochs(engine)
    assert ours[0] == again[0] != elsewhere[0] and again[1] > max(first_epoch)
    assert xids(engine) == sorted(xids(engine)) and xids(engine)[2] > again[1]
    assert {n: seen(engine, n) for n in expected} == expected
    assert seen(engine, third) == (3, [f"fill:{LINE}:60.00", "g1", "g2"])
    assert clean(engine)


def test_a_watermark_may_be_the_first_to_notice(engine: Engine, owner: Engine) -> None:
    """It stands above every id that the books hold, and sees all that came from elsewhere."""
    fill(engine, "60.00")
    grant(engine, "g1", "1.00")
    with owner.begin() as connection:
        connection.execute(_ELSEWHERE, {"more": 10**12})
    n = mark(engine)
    assert epochs(engine)[-1][1] > 10**12
    grant(engine, "g2", "1.00")
    assert seen(engine, n) == (2, [f"fill:{LINE}:60.00", "g1"])


def test_many_notice_at_once_and_enter_one_epoch(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    with owner.begin() as connection:
        connection.execute(_ELSEWHERE, {"more": 10**12})
    at_once(20, lambda i: grant(engine, f"g{i}", "1.00"))
    assert len(epochs(engine)) == 3
    assert min(xids(engine)[1:]) > epochs(engine)[-1][1] > 10**12
    assert clean(engine)


def test_a_watermark_never_sees_what_was_under_way(engine: Engine) -> None:
    """Entries of one account, seen from watermarks that are taken while twenty post: always its first versions."""
    fill(engine, "1000.00")

    def act(worker: int) -> list[int]:
        if worker < 20:
            for i in range(15):
                grant(engine, f"g{worker}:{i}", "0.10", f"c{worker}")
            return []
        return [mark(engine) for _ in range(15)]

    marks = [n for each in at_once(21, act) for n in each]
    line = account_id(engine, LINE)
    query = text(
        "SELECT p.version, ledger_visible(e.xid, w.xid_offset, w.snapshot::pg_snapshot) AS visible FROM posting p"
        " JOIN entry e ON e.id = p.entry_id, watermark w WHERE w.n = :n AND p.account_id = :id ORDER BY p.version"
    )
    with engine.connect() as connection:
        for n in marks:
            rows = connection.execute(query, {"n": n, "id": line}).all()
            count = sum(row.visible for row in rows)
            assert [row.version for row in rows if row.visible] == list(range(1, count + 1))
            assert seen(engine, n)[0] == count
