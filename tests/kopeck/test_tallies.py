"""tallies verify: silent when the tallies are what the events come to, exact about it when one is not."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from sqlalchemy import Engine, text
from test_import import given, kopeck, view, write  # noqa: F401  (fixtures)

from attribution.recount import tally_findings
from core.database import transaction
from core.settings import load_settings

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
    with transaction(engine) as session:
        found = tally_findings(session, load_settings({"KOPECK_HOME": "/nonexistent"}))
    assert [subject for subject, _ in found] == [f"tally {day} k1 views", f"tally {day} k1 watch_ms"]
