"""Nothing is dropped until it is archived, which no release does yet: what jobs leave alone, and who may not."""

from datetime import timedelta

import pytest
from attribution_market import NOW, SETTINGS, VAULT, at, click, one, purchase, rows, send, stock, tag, view
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from core.database import transaction
from jobs.job import Context
from jobs.run_now import run_all

KEPT = {
    "touches": "SELECT event_id, occurred_at, tableoid::regclass::text FROM touch ORDER BY 1, 2",
    "sales": "SELECT event_id, amount, refunded FROM purchase ORDER BY 1",
    "tallies": "SELECT content, day, views, completes FROM tally_content_day ORDER BY 1, 2",
    "clicks": "SELECT content, product, day, clicks FROM tally_product_day ORDER BY 1, 2, 3",
}
_PARTITIONS = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'touch'::regclass ORDER BY 1"
)


def test_every_job_a_year_later_drops_no_day(engine: Engine) -> None:
    stock(engine)
    tag(engine, "c1", "p1")
    events = [view(f"v{days}", when=at(days=days)) for days in range(0, 400, 20)]
    events += [click(f"k{days}", when=at(days=days)) for days in (0, 300)] + [purchase("b", "o")]
    assert send(engine, events, backfill=True).accepted == len(events)

    def jobs(days: int) -> None:
        done = run_all(Context(engine, SETTINGS, VAULT, now=lambda: NOW + timedelta(days=days)))
        assert (done.errors, done.finished) == ({}, True)

    jobs(0)
    before = {name: rows(engine, query) for name, query in KEPT.items()}
    assert [len(before[name]) for name in KEPT] == [22, 1, 20, 2]
    standing = rows(engine, _PARTITIONS)
    jobs(400)
    assert {name: rows(engine, query) for name, query in KEPT.items()} == before
    assert set(standing) < set(rows(engine, _PARTITIONS))
    for ahead in range(7):
        day = (NOW + timedelta(days=400 + ahead)).astimezone(SETTINGS.zone)
        assert one(engine, f"SELECT to_regclass('touch_{day:%Y%m%d}') IS NOT NULL")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM touch",
        "TRUNCATE touch",
        "DROP TABLE touch",
        "UPDATE touch SET watch_ms = 0",
        "DELETE FROM touch_20261102",
        "DROP TABLE touch_20261102",
        "ALTER TABLE touch DETACH PARTITION touch_20261102",
    ],
)
def test_the_service_itself_cannot(engine: Engine, statement: str) -> None:
    stock(engine)
    send(engine, [view("v", when=at(minutes=1))])
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction(engine) as session:  # fmt: skip
        session.execute(text(statement))
    assert one(engine, "SELECT count(*) FROM touch") == 1
