"""A running cluster of a home: ours alone, or shared with the Kopeck process that already runs it."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from core.embedded import home as homes
from core.embedded import roles, server
from core.embedded.account import Account, server_account
from core.embedded.binaries import Binaries, find_binaries
from core.embedded.data import ensure_data, wait_for_leftovers
from core.errors import Conflict, Unavailable

ATTEMPTS = 3  # another process may take the port between our look and the server's


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL that answers. `socket_dir` is None where the home's path is too long for a socket; `process` is
    None where another Kopeck process runs the server.
    """

    home: Path
    port: int
    socket_dir: Path | None
    passwords: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)

    def ended(self) -> bool:
        """Is the server that we started gone?"""
        return self.process is not None and self.process.poll() is not None

    def url(self, role: str = homes.OWNER, database: str = roles.DATABASE) -> str:
        """The SQLAlchemy URL, password included: over the socket if there is one, else over 127.0.0.1."""
        login = f"postgresql+psycopg2://{role}:{self.passwords[role]}@"
        if self.socket_dir is None:
            return f"{login}127.0.0.1:{self.port}/{quote(database)}?sslmode=disable&gssencmode=disable"
        return f"{login}/{quote(database)}?host={quote(str(self.socket_dir))}&port={self.port}"


@contextmanager
def running_cluster(
    home: Path, *, bin_dir: Path | None = None, settings: Mapping[str, str] = {}
) -> Iterator[Cluster]:
    """Start the cluster of this home, from the main thread, and stop it on exit.

    Raises:
        Conflict: `database_already_running`, another process runs it.
        Refused: `folder_not_reachable`, `home_of_another_user`, `database_version_differs`.
        Unavailable: `database_did_not_start` and its kin; the detail says what to do.
    """
    home = homes.prepare(home)
    with homes.lock(home) as mine:
        if not mine:
            raise Conflict("database_already_running", f"Another Kopeck process runs the database of {home}.")
        with _serving(home, bin_dir, settings) as cluster:
            yield cluster


@contextmanager
def attach_or_start(
    home: Path, *, bin_dir: Path | None = None, settings: Mapping[str, str] = {}
) -> Iterator[Cluster]:
    """Use the cluster that another process runs, and leave it running; start it, and stop it on exit, if none does.

    Raises what `running_cluster` raises, but for the Conflict: it waits for the other process to get ready, or to end.
    """
    home = homes.prepare(home)
    deadline = time.monotonic() + server.START_SECONDS
    while True:
        with homes.lock(home) as mine:
            if mine:
                with _serving(home, bin_dir, settings) as cluster:
                    yield cluster
                return
        if found := _answering(home):
            yield found
            return
        if time.monotonic() > deadline:
            raise Unavailable(
                "database_does_not_answer",
                f"Another Kopeck process holds {home / 'lock'}, but its database is silent.",
            )
        time.sleep(0.1)


def _answering(home: Path) -> Cluster | None:
    """The cluster that somebody else runs, once it has all that `provision` gives it."""
    passwords, port = homes.read_passwords(home), homes.read_port(home)
    if not passwords or not port:
        return None
    cluster = Cluster(home, port, homes.socket_dir(home), passwords)
    try:
        roles.connect(cluster.socket_dir, port, homes.OWNER, passwords[homes.OWNER], roles.DATABASE).close()
    except roles.ConnectionFailed:
        return None
    return cluster


@contextmanager
def _serving(home: Path, bin_dir: Path | None, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """Everything from an empty home to an answering server; each step completes what an earlier crash left."""
    homes.sweep(home)
    account = server_account(home / "data")
    binaries = find_binaries(home, account, bin_dir)
    passwords = homes.passwords(home)
    durable = settings.get("fsync") != "off"
    data = ensure_data(home, binaries, account, passwords[homes.SUPERUSER], durable=durable)
    wait_for_leftovers(data)
    if socket_dir := homes.socket_dir(home):
        socket_dir.mkdir(exist_ok=True)
        account.give(socket_dir, 0o700)
    process, port = _start(home, binaries, account, settings, passwords)
    try:
        roles.provision(socket_dir, port, passwords)
        yield Cluster(home, port, socket_dir, passwords, process)
    finally:
        server.stop(process)


def _start(
    home: Path,
    binaries: Binaries,
    account: Account,
    settings: Mapping[str, str],
    passwords: Mapping[str, str],
) -> tuple[subprocess.Popen[bytes], int]:
    """Start on the kept port, or on another one should it be taken in the meantime."""
    socket_dir = homes.socket_dir(home)
    for attempt in range(ATTEMPTS):
        port = homes.port(home)
        process = server.start(binaries, account, home / "data", socket_dir, port, settings)
        try:
            server.wait_ready(process, home, socket_dir, port, passwords[homes.SUPERUSER])
            return process, port
        except BaseException as error:
            server.stop(process)
            taken = isinstance(error, Unavailable) and homes.port(home) != port
            if not taken or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
