"""What the checks of both kinds of bank details share: which fields there are, and how one is refused."""

from collections.abc import Mapping

from core.errors import Invalid


def bad(field: str, what: str) -> Invalid:
    """The refusal of one field of a destination."""
    return Invalid("bad_destination", f"{field}: {what}", pointer=f"/destination/{field}")


def only(destination: Mapping[str, str], needed: set[str], more: set[str]) -> None:
    """Raises:
    Invalid: `bad_destination`, a field is missing or unknown.
    """
    if missing := sorted(needed - set(destination)):
        raise bad(missing[0], "is needed.")
    if unknown := sorted(set(destination) - needed - more):
        known = ", ".join(sorted(needed | more))
        raise bad(unknown[0], f"is no field of these bank details; there are {known}.")


def at_most(destination: Mapping[str, str], lengths: Mapping[str, int]) -> None:
    """Raises:
    Invalid: `bad_destination`, a field is longer than a payment file carries, or blank at an end.
    """
    for field, most in lengths.items():
        value = destination.get(field, "")
        if len(value) > most:
            raise bad(field, f"at most {most} characters.")
        if value != value.strip():
            raise bad(field, "must not begin or end with a space.")
