"""The data folder: made whole or not at all, and free of a server that outlived its supervisor."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from core.embedded.account import Account
from core.embedded.binaries import Binaries
from core.embedded.home import SUPERUSER, sync
from core.errors import Refused, Unavailable

STOPPING_SECONDS = 60.0


def ensure_data(home: Path, binaries: Binaries, account: Account, password: str, *, durable: bool) -> Path:
    """The data folder, made by `initdb` at the first start.

    Raises:
        Refused: `database_version_differs`.
        Unavailable: `database_not_created`.
    """
    data = home / "data"
    if data.exists():
        _require_version(data, binaries)
        return data
    draft = Path(tempfile.mkdtemp(dir=home, prefix="data.new-"))
    account.give(draft, 0o700)
    _initdb(draft, binaries, account, password, durable=durable)
    draft.rename(data)
    sync(home)
    return data


def wait_for_leftovers(data: Path) -> None:
    """Let a server finish whose supervisor was killed, then remove its pid file.

    PostgreSQL ignores the pid file of a dead process by itself, but not one whose number now belongs to another
    process of the same account, which is common in containers. The lock of the home is ours here, so no new server
    can appear.

    Raises:
        Unavailable: `database_still_stopping`.
    """
    deadline = time.monotonic() + STOPPING_SECONDS
    while left := _servers_in(data):
        if time.monotonic() > deadline:
            raise Unavailable(
                "database_still_stopping",
                f"A PostgreSQL from before still works in {data} (processes {left}). Wait for it, or stop it with "
                f"'kill -QUIT {min(left)}'.",
                retry_after=30,
            )
        time.sleep(0.1)
    if Path("/proc/self").exists():
        (data / "postmaster.pid").unlink(missing_ok=True)


def _servers_in(data: Path) -> list[int]:
    """Every process of a PostgreSQL server has the data folder as its working directory."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _serves(entry, data)]


def _serves(entry: Path, data: Path) -> bool:
    try:
        return (entry / "comm").read_text() in ("postgres\n", "postmaster\n") and os.readlink(
            entry / "cwd"
        ) == str(data)
    except OSError:  # it ended meanwhile, or is somebody else's
        return False


def _require_version(data: Path, binaries: Binaries) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise Refused(
            "database_version_differs",
            f"{data} was made by PostgreSQL {made_by}, and {binaries.folder} is {binaries.major}. Name a folder with "
            f"the programs of {made_by}, or move the data with pg_dump or pg_upgrade.",
        )


def _initdb(draft: Path, binaries: Binaries, account: Account, password: str, *, durable: bool) -> None:
    """Killed when we die: the next start begins another draft."""
    handle, name = tempfile.mkstemp(dir=draft.parent, prefix="data.new-")
    command = [binaries.program("initdb"), f"--pgdata={draft}", f"--username={SUPERUSER}", f"--pwfile={name}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", *_locale(binaries)]
    try:
        os.write(handle, password.encode())
        account.give(Path(name), 0o600)
        process = account.spawn(
            command + ([] if durable else ["--no-sync"]), subprocess.PIPE, death_signal=signal.SIGKILL
        )
        with process:
            output, _ = process.communicate()
    finally:
        os.close(handle)
        os.unlink(name)
    if process.returncode != 0:
        raise Unavailable("database_not_created", f"initdb failed: {output.decode(errors='replace')[-2000:]}")


def _locale(binaries: Binaries) -> list[str]:
    """Text sorts by code point on every machine; 17 brought the locale that also knows upper and lower case."""
    if binaries.major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]
