"""The home folder: its lock, its passwords, its port.

lock        held by the one process that runs the server
secrets/    passwords of the roles, for us alone
port        of 127.0.0.1, kept from start to start
run/        the socket, for us and the server's account
data/       PostgreSQL's
"""

import fcntl
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.embedded.account import require_reachable, server_account
from core.errors import Refused

SUPERUSER = "postgres"
OWNER = "kopeck_owner"
APP = "kopeck_app"
LONGEST_SOCKET_PATH = 107  # bytes, of sockaddr_un


def prepare(home: Path) -> Path:
    """The absolute home, created when missing; folders that exist are left as they are.

    Raises:
        Refused: `home_not_accessible`, `folder_not_reachable`, `home_of_another_user`.
    """
    home = home.expanduser().resolve()
    try:
        require_reachable(home, server_account(home / "data"))
        missing = [folder for folder in (home, *home.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
    except PermissionError as error:
        raise _not_accessible(home) from error
    return home


@contextmanager
def lock(home: Path) -> Iterator[bool]:
    """Try to be the one who runs the server of this home; false when somebody else is.

    The kernel drops the lock with its holder, however that one ends.

    Raises:
        Refused: `home_not_accessible`.
    """
    try:
        handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise _not_accessible(home) from error
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _not_accessible(home: Path) -> Refused:
    return Refused(
        "home_not_accessible", f"You may not use {home}: run Kopeck as its owner, or choose another home."
    )


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def passwords(home: Path) -> Mapping[str, str]:
    """Of the three roles, made once."""
    folder = home / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    known = read_passwords(home)
    if not known:
        known = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)}
        _write(folder / "postgres.json", json.dumps(known))
    return known


def read_passwords(home: Path) -> dict[str, str]:
    """Those that were made; empty before the first start."""
    try:
        known: dict[str, str] = json.loads((home / "secrets" / "postgres.json").read_text())
    except FileNotFoundError:
        return {}
    return known


def port(home: Path) -> int:
    """The port of the last start if it is still free, else another one, which is kept."""
    known = read_port(home)
    if known and _bindable(known):
        return known
    with socket.create_server(("127.0.0.1", 0)) as probe:
        chosen = int(probe.getsockname()[1])
    _write(home / "port", f"{chosen}\n")
    return chosen


def read_port(home: Path) -> int:
    """The port of the last start; 0 before the first."""
    try:
        return int((home / "port").read_text())
    except FileNotFoundError:
        return 0


def socket_dir(home: Path) -> Path | None:
    """Where the socket is; None when its path would be too long, or would read as a list to PostgreSQL."""
    folder = home / "run"
    longest = len(os.fsencode(folder / ".s.PGSQL.65535"))
    return None if longest > LONGEST_SOCKET_PATH or set(str(folder)) & set(',"') else folder


def _bindable(number: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", number)):
            return True
    except OSError:
        return False


def sweep(home: Path) -> None:
    """Remove what a start that was cut short left half made; for the holder of the lock."""
    for left in (*home.glob("*.new-*"), *home.glob("secrets/*.new-*")):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


def sync(path: Path) -> None:
    """See a file or folder safely on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, text: str) -> None:
    """All of the text or nothing, readable for us alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.new-")
    with open(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
