"""Run a command with a database: `python -m core.embedded [--bin DIR] [--home DIR] [--set NAME=VALUE] -- COMMAND`.

The command finds the owner's URL in KOPECK_DATABASE_URL, and its exit code becomes ours.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.embedded.cluster import running_cluster
from core.errors import KopeckError


def main(arguments: list[str]) -> int:
    """The exit code of the command; 1 when the database does not start."""
    options = _parser().parse_args(arguments)
    try:
        with (
            _home(options.home) as home,
            running_cluster(home, bin_dir=options.bin, settings=dict(options.set)) as cluster,
        ):
            return _run(options.command, {**os.environ, "KOPECK_DATABASE_URL": cluster.url()})
    except KopeckError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.embedded", description="Run a command with a database."
    )
    parser.add_argument("--bin", type=Path, help="folder of PostgreSQL programs")
    parser.add_argument("--home", type=Path, help="data folder; without it a temporary one")
    parser.add_argument("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    return parser


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE")
    return name, value


@contextmanager
def _home(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    home = Path(tempfile.mkdtemp(prefix="kopeck-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Ctrl-C reaches the command by itself, and we wait for it to finish; a SIGTERM to us is passed on."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # a function, since SIG_IGN would be inherited
    try:
        with subprocess.Popen(command, env=environment) as process:
            signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            code = process.wait()
    except OSError as error:  # no such command
        sys.stderr.write(f"{error}\n")
        return 127
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
