"""The command line on the test's database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cli_help import SECRET, Run
from click.testing import CliRunner, Result

from kopeck.cli import main


@pytest.fixture
def kopeck(database_url: str, tmp_path: Path) -> Iterator[Run]:
    """Run a command in this process, on the test's database."""
    given = {"KOPECK_DATABASE_URL": database_url, "KOPECK_SECRET_KEY": SECRET, "KOPECK_HOME": str(tmp_path)}
    logs = structlog.get_config()

    def run(*arguments: str, **more: str) -> Result:
        result = CliRunner(env=given | more).invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    yield run
    structlog.configure(**logs)
