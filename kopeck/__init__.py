"""The front door: the command line and the demo."""

from importlib.metadata import version as _version


def version() -> str:
    """The installed release."""
    return _version("kopeck")
