"""Answers of the library as plain dictionaries, and the few looks into them that everybody needs."""

from collections.abc import Mapping
from typing import Any

from stripe import StripeObject


def plain(answer: object) -> dict[str, Any]:
    """An answer as a dictionary; whatever else came (null, a number, a list) is an empty one, which fits nothing."""
    return answer.to_dict() if isinstance(answer, StripeObject) else {}


def id_of(value: object) -> str:
    """The id of an object that may be expanded or not."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else ""
