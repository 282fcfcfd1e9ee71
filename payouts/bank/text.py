"""What text a bank file can carry. Neither format can escape what it cannot say, so it is refused by name."""

from collections.abc import Callable, Mapping, Sequence

from core.errors import Invalid

# Readers of the 1C format look for these words anywhere, also within a value.
_WORDS = ("секциядокумент", "конецдокумента", "секциярасчсчет", "конецрасчсчет", "конецфайла")
_BEYOND_BMP = "\U00010000"


def unfit_for_1c(value: str) -> str | None:
    """Why a 1C file (Windows code page 1251, a line a field) cannot carry the text; None when it can."""
    if not value.isprintable():
        return "holds a line break or a character that cannot be printed"
    try:
        value.encode("cp1251")
    except UnicodeEncodeError as error:
        return f"holds {value[error.start]!r}, which the code page 1251 does not have"
    small = value.casefold()
    if "секция" in small or "конец" in small:
        word = next((word for word in _WORDS if word in small), None)
        return word and f"holds {word}, a word of the format"
    return None


def unfit_for_xml(value: str) -> str | None:
    """Why a pain.001 file cannot carry the text; None when it can."""
    if not value.isprintable():
        return "holds a line break or a character that cannot be printed"
    if value and (beyond := max(value)) >= _BEYOND_BMP:
        return f"holds {beyond!r}, which is no letter, digit or common sign"
    return None


def require_fit(field: str, value: object, why: str | None, most: int) -> str:
    """The value, when it is 1 to `most` characters without spaces around and nothing speaks against it.

    Raises:
        Invalid: `unfit_field`, with the field.
    """
    if not isinstance(value, str) or not value or value != value.strip() or len(value) > most:
        why = f"must be 1 to {most} characters without spaces around"
    if why is not None:
        raise Invalid("unfit_field", f"{field} {why}.", field=field)
    return str(value)


def require_carried(
    details: Mapping[str, str], needed: Sequence[str], unfit: Callable[[str], str | None], longest_name: int
) -> None:
    """Details of a payee that were checked when they were written: can this file carry all of their text?

    Raises:
        Invalid: `unfit_field`, with the field. All values are looked at as one, and one by one only to name the field.
    """
    if missing := [field for field in needed if not details.get(field)]:
        raise Invalid("unfit_field", f"{missing[0]} is missing.", field=missing[0])
    if len(details["name"]) > longest_name:
        raise Invalid("unfit_field", f"name is longer than {longest_name} characters.", field="name")
    if unfit("\u00b7".join(details.values())) is None:
        return
    for field, value in details.items():
        if why := unfit(value):
            raise Invalid("unfit_field", f"{field} {why}.", field=field)
