"""Books that move to another cluster: its transaction ids start over, and the seals go on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scratch import scratch_folder
from seal_help import SIGNER, checked, entry_ids, exported, posted, sealed, sealed_ids
from sqlalchemy import Engine, make_url, text

from core.database import make_engine, transaction
from core.embedded import Cluster, running_cluster
from ledger.offline import verify_export
from ledger.verify import verify
from ledger.watermark import take_watermark


@pytest.fixture
def elsewhere() -> Iterator[Cluster]:
    """Another cluster, embedded, with the roles that a home has."""
    with scratch_folder() as home, running_cluster(home, settings={"fsync": "off"}) as cluster:
        yield cluster


def programs(home: Path) -> Path:
    """pg_dump and pg_restore of the newest server there is: they read and write older ones, too."""
    return next(found.parent for found in home.rglob("pg_restore"))


def move_books(url: str, cluster: Cluster, folder: Path) -> None:
    source = make_url(url).set(drivername="postgresql").render_as_string(False)
    target = make_url(cluster.url()).set(drivername="postgresql").render_as_string(False)
    run = {"check": True, "capture_output": True}
    tools = programs(cluster.home)
    file = str(folder / "books.dump")
    subprocess.run([tools / "pg_dump", "--format=custom", "--no-owner", f"--file={file}", source], **run)  # type: ignore[call-overload]
    subprocess.run([tools / "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}", file], **run)  # type: ignore[call-overload]


def test_seals_go_on_in_another_cluster(
    engine: Engine, database_url: str, elsewhere: Cluster, tmp_path: Path
) -> None:
    posted(engine, "a", "b")
    sealed(engine)
    posted(engine, "not sealed yet")
    with transaction(engine) as session:
        take_watermark(session)
        session.execute(text("ANALYZE posting"))
    move_books(database_url, elsewhere, tmp_path)
    moved = make_engine(elsewhere.url(), "Europe/Moscow")
    try:
        assert checked(moved) == []
        posted(moved, "c", "d")
        assert checked(moved) == []
        [seal] = sealed(moved)
        assert (seal.n, seal.entries) == (2, 3)
        posted(moved, "e")
        assert [seal.n for seal in sealed(moved)] == [3]
        assert sealed_ids(moved) == entry_ids(moved)
        assert checked(moved) == []
        with transaction(moved) as session:
            assert list(verify(session)) == []
            assert session.scalar(text("SELECT count(*) FROM epoch")) == 2
            assert session.scalar(text("SELECT count(*) FROM watermark")) == 4
        assert verify_export(exported(moved), [SIGNER.public]).problems == []
    finally:
        moved.dispose()


def test_a_seal_may_be_the_first_thing_in_the_new_cluster(
    engine: Engine, database_url: str, elsewhere: Cluster, tmp_path: Path
) -> None:
    posted(engine, "a")
    move_books(database_url, elsewhere, tmp_path)
    moved = make_engine(elsewhere.url(), "Europe/Moscow")
    try:
        assert [seal.entries for seal in sealed(moved)] == [1]
        assert checked(moved) == []
    finally:
        moved.dispose()
