"""Files that are streamed out of one snapshot: what each holds while its client reads, and how many there may be.

Each holds a connection and a thread, so in a process two are under way and a few more wait; the API keeps the rest.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotAcceptable

from api.runtime import runtime
from core.database import transaction
from core.errors import Unavailable
from ledger.export.snapshot import open_snapshot

AT_ONCE = 2
WAITING = 3
PATIENCE = 60.0  # seconds for the client to take one piece; the database allows no more between two fetches
turns = threading.BoundedSemaphore(AT_ONCE)
_seats = threading.BoundedSemaphore(WAITING)


class Stream:
    """The pieces of a file, and what is held for them: let go with the last piece, with an error, or by the server
    when the client has gone.

    One piece is read ahead, so that what fails at the start is answered as a problem, and a small file holds nothing
    while it is sent.
    """

    def __init__(self, pieces: Iterator[bytes], held: ExitStack) -> None:
        self._pieces, self._held = pieces, held
        self._next = self._read()

    def _read(self) -> bytes | None:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            return None
        except BaseException as error:
            self._held.__exit__(type(error), error, error.__traceback__)
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._next
        if piece is None:
            raise StopIteration
        self._next = self._read()
        return piece

    def close(self) -> None:
        """Let everything go, wherever the file stands."""
        self._held.close()

    def __del__(self) -> None:
        # A server closes what it was given; a turn that is never given back would shut the door for good.
        self.close()


def begin(write: Callable[[Session], Iterator[bytes]], wait: float = 0) -> Stream:
    """The file that `write` makes of a snapshot, and what to close after it: the cursors, the transaction, the turn.

    Raises:
        Unavailable: `too_busy`, enough files are under way, also after `wait` seconds.
    """
    with ExitStack() as held:
        if not _take_turn(wait):
            raise Unavailable("too_busy", "Enough exports are under way; try again.", retry_after=30)
        held.callback(turns.release)
        session = held.enter_context(transaction(runtime().engine))
        open_snapshot(session)
        pieces = write(session)
        if hasattr(pieces, "close"):
            held.enter_context(closing(pieces))
        _hurry()
        return Stream(pieces, held.pop_all())


def _take_turn(wait: float) -> bool:
    if turns.acquire(blocking=False):
        return True
    if not wait or not _seats.acquire(blocking=False):
        return False
    try:
        return turns.acquire(timeout=wait)
    finally:
        _seats.release()


def _hurry() -> None:
    """A client that stops reading without hanging up must not keep a thread and a snapshot for ever."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(PATIENCE)


def accepted(media: dict[str, str], otherwise: str) -> str:
    """The format, of those with these media types, that the client likes best; `otherwise` for one that takes anything.

    Raises:
        NotAcceptable: it likes none.
    """
    if not request.accept_mimetypes:
        return otherwise
    names = {media[otherwise]: otherwise} | {kind: name for name, kind in media.items()}
    best = request.accept_mimetypes.best_match(list(names))
    if best is None:
        raise NotAcceptable(f"An export is one of {', '.join(names)}.")
    return names[best]
