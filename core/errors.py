"""The six ways in which Kopeck says no.

Domain code raises these; `api/errors.py` alone knows their HTTP status. `code` is stable and part of the
contract, `detail` is a sentence for a person, `fields` are the facts that a program may want to read.
"""


class KopeckError(Exception):
    """A refusal with a stable code."""

    def __init__(self, code: str, detail: str = "", **fields: object) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail or code.replace("_", " ")
        self.fields = fields


class Invalid(KopeckError):
    """What was sent can never be accepted as it stands. `pointer` (JSON pointer) names the field if one is to blame."""

    def __init__(self, code: str, detail: str = "", *, pointer: str | None = None, **fields: object) -> None:
        super().__init__(code, detail, **fields)
        self.pointer = pointer


class Refused(KopeckError):
    """Well formed, but the state of things does not allow it: no money, wrong state, own approval."""


class Conflict(KopeckError):
    """Somebody else was first, or the same name already stands for something else."""


class NotFound(KopeckError):
    """No such object, or not one that the caller may know of."""


class Forbidden(KopeckError):
    """The caller's role does not do this."""


class Unavailable(KopeckError):
    """Not now; `retry_after` seconds later it may work."""

    def __init__(self, code: str, detail: str = "", *, retry_after: int = 5, **fields: object) -> None:
        super().__init__(code, detail, **fields)
        self.retry_after = retry_after
