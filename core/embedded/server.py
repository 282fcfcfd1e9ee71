"""The server process: its settings, its start, its end."""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from core.embedded.account import Account
from core.embedded.binaries import Binaries
from core.embedded.home import SUPERUSER
from core.embedded.roles import ConnectionFailed, connect
from core.errors import Unavailable

START_SECONDS = 300.0  # recovery after a crash may have 4 GB of log to read
LOG_BYTES = 10_000_000
SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and details of errors carry people's data; a log of failures does not need them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] %u@%d ",
}
STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


def start(
    binaries: Binaries,
    account: Account,
    data: Path,
    socket_dir: Path | None,
    port: int,
    settings: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start the server as a child of ours that shuts down by itself when we die.

    Raises:
        RuntimeError: not called from the main thread, whose end is what the kernel watches.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "start the database from the main thread: the server ends with the thread that started it"
        )
    fixed = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(socket_dir or ""),
    }
    command = [binaries.program("postgres"), "-D", str(data)]
    for name, value in {**_defaults(binaries), **settings, **fixed}.items():
        command += ["-c", f"{name}={value}"]
    with _open_log(data.parent) as log:
        return account.spawn(command, log, death_signal=signal.SIGINT)


def wait_ready(
    process: subprocess.Popen[bytes], home: Path, socket_dir: Path | None, port: int, password: str
) -> None:
    """Connect until the server lets us in.

    Raises:
        Unavailable: `database_did_not_start` with the end of the log, `database_passwords_differ`.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        ended = process.poll() is not None
        try:
            connect(socket_dir, port, SUPERUSER, password, "postgres").close()
            return
        except ConnectionFailed as error:
            if "password authentication failed" in str(error):
                raise _passwords_differ(home) from error
            if ended or time.monotonic() > deadline:
                raise did_not_start(home) from error
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> None:
    """A fast shutdown: sessions are ended, everything is written; harder ways only when it takes too long."""
    for step, patience in STOP_STEPS:
        process.send_signal(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def did_not_start(home: Path) -> Unavailable:
    """The refusal that shows what PostgreSQL said last."""
    log = home / "postgres.log"
    with suppress(OSError), open(log, errors="replace") as file:
        said = "".join(deque(file, maxlen=15))
        return Unavailable(
            "database_did_not_start",
            f"PostgreSQL did not start. Correct what the end of {log} names, and start again:\n{said}",
        )
    return Unavailable("database_did_not_start", f"PostgreSQL did not start, and {log} cannot be read.")


def _passwords_differ(home: Path) -> Unavailable:
    return Unavailable(
        "database_passwords_differ",
        f"The server does not accept the password in {home / 'secrets' / 'postgres.json'}: "
        f"restore that file from the backup that {home / 'data'} came from.",
    )


def _defaults(binaries: Binaries) -> dict[str, str]:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    found = {**SETTINGS, "effective_cache_size": f"{max(memory_mb // 2, 128)}MB"}
    if binaries.has_library("pg_stat_statements"):
        found["shared_preload_libraries"] = "pg_stat_statements"
    return found


def _open_log(home: Path) -> IO[bytes]:
    """Begin a new log at a start that finds it long; one older log is kept."""
    log = home / "postgres.log"
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(home / "postgres.log.1")
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
