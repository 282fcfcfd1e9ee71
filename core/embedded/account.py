"""Who the server runs as, and whether that account can reach its files.

PostgreSQL refuses to run as root, so root lends it an unprivileged account; everybody else runs it as themselves.
Nothing outside the home is ever made more open: what is closed is named, and a person decides.
"""

import os
import pwd
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import Refused, Unavailable

LAUNCHER = Path(__file__).with_name("launch.py")
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """`switch` is true when we are root and have to become this account first."""

    uid: int
    gid: int
    switch: bool

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def spawn(
        self, command: list[str], output: IO[bytes] | int, *, death_signal: signal.Signals
    ) -> subprocess.Popen[bytes]:
        """Start a command as this account, in its own session, so that Ctrl-C in the terminal passes it by."""
        uid, gid = (self.uid, self.gid) if self.switch else (-1, -1)
        head = [str(number) for number in (uid, gid, os.getpid(), int(death_signal))]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), *head, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )

    def give(self, path: Path, mode: int) -> None:
        """Hand a file or folder of the home over to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(mode)


def server_account(data: Path) -> Account:
    """The owner of the data if there is any; else ourselves, or for root the first of `postgres` and `nobody`.

    Raises:
        Refused: `home_of_another_user`.
        Unavailable: `no_unprivileged_user`.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise Refused(
                "home_of_another_user", f"{data} belongs to uid {owner.st_uid}; run Kopeck as that user."
            )
        return Account(os.geteuid(), os.getegid(), switch=False)
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in CANDIDATES:
        if name in known:
            return Account(known[name].pw_uid, known[name].pw_gid, switch=True)
    raise Unavailable("no_unprivileged_user", "PostgreSQL does not run as root: add a user named postgres.")


def require_reachable(path: Path, account: Account) -> None:
    """See that the account can pass through every existing folder on the way to `path`.

    Raises:
        Refused: `folder_not_reachable`, naming the folder and what to do.
    """
    if not account.switch:
        return
    for folder in (path, *path.parents):
        if folder.exists() and not _may_enter(folder.stat(), account):
            raise Refused(
                "folder_not_reachable",
                f"PostgreSQL runs as {account.name}, who may not pass through {folder}. Allow it with "
                f"'chmod o+x {folder}', or choose a place elsewhere, such as /var/lib/kopeck.",
            )


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL (PGDATA, PGPORT, locales): its messages are to be in English."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG", "KOPECK_"))
    }
    return {**kept, "LC_ALL": "C"}
