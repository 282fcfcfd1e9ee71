"""Rules as they are drafted: accepted, or refused with the place and the reason."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Invalid
from formula import GRAINS, compile_formula

MOST_RULES = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Accept a version's rules, or say what is wrong with the first that is not right.

    Raises:
        Invalid: `bad_rules`, `bad_grain`, or a formula's own code, with the pointer to the field.
    """
    names = [each["name"] for each in rules]
    if not 1 <= len(rules) <= MOST_RULES or len(set(names)) != len(names):
        raise Invalid(
            "bad_rules", f"A version has 1 to {MOST_RULES} rules, each with its own name.", pointer="/rules"
        )
    for i, each in enumerate(rules):
        if not _NAME.fullmatch(each["name"]):
            raise Invalid(
                "bad_rules", "A rule's name is a-z, 0-9 and _, from a letter.", pointer=f"/rules/{i}/name"
            )
        if each["grain"] not in GRAINS:
            raise Invalid("bad_grain", f"A grain is one of {', '.join(GRAINS)}.", pointer=f"/rules/{i}/grain")
        _check_formula(each["amount"], each["grain"], "number", f"/rules/{i}/amount")
        if each.get("where") is not None:
            _check_formula(each["where"], each["grain"], "boolean", f"/rules/{i}/where")


def _check_formula(text: str, grain: str, want: Any, pointer: str) -> None:
    try:
        compile_formula(text, grain, want)
    except Invalid as error:
        raise Invalid(error.code, error.detail, pointer=pointer, **error.fields) from None
