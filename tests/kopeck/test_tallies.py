"""tallies verify: silent when the tallies are what the events come to, exact about it when one is not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from test_import import given, kopeck, view, write  # noqa: F401  (fixtures)

from attribution import recount
from core import clock
from core.database import transaction

Run = Callable[..., Result]


def test_tallies_are_proved_and_an_edited_one_is_found(
    kopeck: Run,  # noqa: F811
    tmp_path: Path,
    engine: Engine,
    owner: Engine,
) -> None:
    kopeck("import", write(tmp_path / "events", [view(n) for n in range(30)]))
    waiting = kopeck("tallies", "verify")
    assert (waiting.exit_code, waiting.stdout) == (0, "0 tallies counted again: no differences\n")
    kopeck("jobs", "run", "tally")
    clean = kopeck("tallies", "verify")
    assert (clean.exit_code, clean.stderr) == (0, "") and clean.stdout.endswith(": no differences\n")

    with owner.begin() as connection:
        day = connection.scalar(text("UPDATE tally_content_day SET views = views + 1 RETURNING day"))
        connection.execute(text("DELETE FROM touch WHERE event_id = 'e1'"))
    wrong = kopeck("tallies", "verify")
    assert wrong.exit_code == 1
    assert f"{day} k1: views 31, counted 29" in wrong.stderr
    assert f"{day} k1: watch_ms 270,000, counted 261,000" in wrong.stderr
    assert wrong.stdout == "1 tallies counted again: 2 differences\n"
    told = kopeck("ledger", "verify")
    assert told.exit_code == 0, "it halts nothing"
    assert (
        " 2 findings" in told.stdout and f"tally_wrong: tally {day} k1 views: It is not what" in told.stderr
    )
    assert f"tally_wrong: tally {day} k1 watch_ms: " in told.stderr
    assert "0 of them new" in kopeck("ledger", "verify").stdout

    with owner.begin() as connection:
        connection.execute(text("UPDATE tally_content_day SET views = 29, watch_ms = 261000"))
        connection.execute(text("INSERT INTO tally_content_day (content, day, views) VALUES ('k1', :day, 5)"), {"day": day - timedelta(days=30)})  # fmt: skip
    assert " 0 findings" in kopeck("ledger", "verify").stdout, "the daily check looks at the last days"
    assert "views 5, counted none" in kopeck("tallies", "verify").stderr


def test_days_are_proved_in_parts_that_leave_none_out(
    kopeck: Run,  # noqa: F811
    tmp_path: Path,
    engine: Engine,
    owner: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at(number: int, days: int) -> dict[str, Any]:
        return view(number) | {"occurred_at": (clock.now() - timedelta(days=days, hours=1)).isoformat()}

    kopeck("import", write(tmp_path / "events", [at(n, n % 5) for n in range(40)]))
    kopeck("jobs", "run", "tally")
    monkeypatch.setattr(recount, "PART_BYTES", 2 * 8192)
    with transaction(engine) as session:
        made = recount.parts(session)
        days = session.scalars(text("SELECT DISTINCT day FROM tally_content_day ORDER BY day")).all()
    assert len(made) == 3 and len(days) == 5
    assert [made[0].since, made[-1].until] == ["-infinity", "infinity"]
    assert [part.until for part in made[:-1]] == [part.since for part in made[1:]]
    for day in days:
        with owner.begin() as connection:
            move = text("UPDATE tally_content_day SET completes = completes + :by WHERE day = :day")
            connection.execute(move, {"by": 1, "day": day})
        wrong = kopeck("tallies", "verify")
        assert (wrong.exit_code, wrong.stderr) == (1, f"{day} k1: completes 1, counted 0\n")
        with owner.begin() as connection:
            connection.execute(move, {"by": -1, "day": day})
    assert kopeck("tallies", "verify").stdout == "5 tallies counted again: no differences\n"
