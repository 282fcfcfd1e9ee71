"""kopeck ledger seal, keys list, keys rotate; and the jobs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from seal_help import checked, entry_ids, posted, sealed_ids
from sqlalchemy import Engine

from core.secrets import load_vault
from core.settings import load_settings
from jobs import seal as seal_job
from jobs import watermark as watermark_job
from jobs.job import Context
from kopeck.cli import main
from ledger.keyring import load_signer


@pytest.fixture
def given(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"KOPECK_DATABASE_URL": database_url, "KOPECK_HOME": str(tmp_path)}


def test_seal_prints_the_head_and_keys_change(engine: Engine, given: dict[str, str]) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["ledger", *words], env=given)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    assert run("seal") == "nothing to seal"
    posted(engine, "a", "b")
    head = run("seal")
    assert head == run("seal") and head.startswith("1:") and len(head) == 66
    old = load_signer(load_settings(given))
    new_id, new_public = run("keys", "rotate").split()
    assert load_signer(load_settings(given)).public.hex() == new_public
    assert old.public.hex() in run("keys", "list") and new_id in run("keys", "list")
    posted(engine, "c")
    assert run("seal").startswith("2:")
    assert checked(engine, [old.public]) == []


def test_the_jobs_leave_nothing_and_a_repeat_does_nothing(engine: Engine, given: dict[str, str]) -> None:
    settings = load_settings(given)
    context = Context(engine, settings, load_vault(settings), now=lambda: datetime(2026, 11, 2, tzinfo=UTC))
    posted(engine, "a")
    assert watermark_job.step(context) == {"watermarks": 1}
    assert watermark_job.step(context) == {"watermarks": 0}
    assert seal_job.step(context) == {"seals": 1, "entries": 1, "postings": 2}
    assert seal_job.step(context) == {}
    assert sealed_ids(engine) == entry_ids(engine)
