"""One process tree: the database, the server and the scheduler, which end together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import click

PR_SET_PDEATHSIG = 1
PARENT = "KOPECK_PARENT"
PATIENCE = 30.0


class Stopped(BaseException):
    """SIGTERM or SIGINT reached the parent. Not an Exception: nothing on the way may swallow it."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def follow_parent() -> None:
    """In a child of `run_together`: end when the parent does, even if that was killed."""
    parent = os.environ.get(PARENT)
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into `Stopped`, so that contexts close in order."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)


def run_together(commands: Sequence[Sequence[str]], database_ended: Callable[[], bool]) -> int:
    """Run `kopeck` commands as children until a signal comes or one of them, or the database, ends. Returns an exit code.

    Each child has a session of its own, so that a Ctrl-C in the terminal reaches only the parent, which stops them
    in order and the database last.
    """
    environ = os.environ | {PARENT: str(os.getpid())}
    children = [
        subprocess.Popen([sys.executable, "-m", "kopeck", *command], env=environ, start_new_session=True)
        for command in commands
    ]
    try:
        while True:
            for child in children:
                if child.poll() is not None:
                    click.echo(f"A part of Kopeck ended ({child.returncode}); stopping the rest.", err=True)
                    return 1
            if database_ended():
                click.echo("The database ended; stopping the rest.", err=True)
                return 1
            time.sleep(0.2)
    except Stopped:
        click.echo("Stopping …", err=True)
        return 0
    finally:
        _end(children)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for handled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(handled, signal.SIG_IGN)  # a second Ctrl-C must not leave a child behind
    for child in children:
        child.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
