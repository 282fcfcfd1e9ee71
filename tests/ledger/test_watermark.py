"""Watermarks: one only when there is something new, each seeing no less than those before."""

from seal_help import move, posted
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from ledger.watermark import take_watermark

SEEN = (
    "SELECT array_agg(e.key ORDER BY e.id) FROM watermark w JOIN entry e"
    " ON ledger_visible(e.xid, w.xid_offset, w.snapshot::pg_snapshot) WHERE w.n = :n"
)


def take(engine: Engine) -> bool:
    with transaction(engine) as session:
        return take_watermark(session) is not None


def seen(engine: Engine, n: int) -> list[str]:
    with transaction(engine) as session:
        return session.scalar(text(SEEN), {"n": n}) or []


def test_only_what_is_new_is_worth_a_watermark(engine: Engine) -> None:
    assert not take(engine)
    posted(engine, "a")
    assert take(engine)
    assert not take(engine)
    posted(engine, "b")
    assert take(engine)
    assert (seen(engine, 1), seen(engine, 2)) == (["a"], ["a", "b"])


def test_an_entry_that_was_open_is_new_when_it_is_there(engine: Engine) -> None:
    posted(engine, "open", creator="late")
    with Session(engine) as late, late.begin():
        move(late, "late", "late")
        posted(engine, "quick")
        assert take(engine)
        assert not take(engine), "what is still open is nothing new"
    assert take(engine)
    assert seen(engine, 1) == ["open", "quick"]
    assert seen(engine, 2) == ["open", "late", "quick"]


def test_the_moment_lies_behind_all_that_is_seen(engine: Engine) -> None:
    posted(engine, "a", "b")
    take(engine)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT taken_at > (SELECT max(recorded_at) FROM entry) FROM watermark"))


def test_books_in_another_cluster_get_a_new_watermark(engine: Engine, owner: Engine) -> None:
    """A watermark of an earlier epoch saw nothing of this one."""
    posted(engine, "a")
    with owner.begin() as connection:
        connection.execute(text("INSERT INTO epoch (system_identifier, xid_offset) VALUES (1, 1000000000)"))
    assert take(engine)
    posted(engine, "b")
    assert take(engine) and not take(engine)
    assert seen(engine, 2) == ["a", "b"]
    with transaction(engine) as session:
        offsets = session.scalars(text("SELECT xid_offset FROM watermark ORDER BY n")).all()
    assert offsets[1] == offsets[0] > 1_000_000_000
