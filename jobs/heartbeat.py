"""A thread that says "still alive" for a step that takes long."""

import threading
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.errors import KopeckError
from jobs.claim import Claim, alive
from jobs.hold import Hold

log = structlog.get_logger()


class Heartbeat:
    """Keeps a claim fresh until its block ends; `lost` is set once the run belongs to somebody else.

    A broken connection is replaced and the lock taken again: the step may well go on on its own connection, and
    as long as the row stays fresh nobody starts the job a second time (see `claim`). For the time of the block
    the hold's connection is this thread's alone.
    """

    def __init__(self, hold: Hold, mine: Claim, lease: float) -> None:
        self.lost = threading.Event()
        self._hold = hold
        self._mine = mine
        self._pause = lease / 4
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        pause = self._pause
        while not self._over.wait(pause):
            try:
                said = self._say()
            except (KopeckError, SQLAlchemyError) as error:
                self._hold.drop()
                said = False
                log.warning("heartbeat missed", kind=type(error).__name__)
            pause = self._pause if said else min(1.0, self._pause)

    def _say(self) -> bool:
        if not self._hold.held and not self._hold.take():
            return False
        if not alive(self._hold, self._mine):
            self.lost.set()
            self._over.set()
        return True
