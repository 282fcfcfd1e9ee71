"""A file that is taken away while it is being written: pyarrow writes into one end, the socket reads the other."""


class Sink:
    """Holds what was written since it was last taken."""

    closed = False

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def __len__(self) -> int:
        return len(self._held)

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        return taken
