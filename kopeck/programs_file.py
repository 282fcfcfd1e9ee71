"""A program as a YAML file: what it is, the attribution policy it needs, the rules of its versions.

The fields are the API's, so that what can be posted can stand in a file; errors name the file and the field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from api.fields import Day, Text
from api.policies import PolicyIn
from api.programs import ProgramIn
from api.versions import RuleSchema
from core.errors import Invalid
from rewards.check_rules import MOST_RULES
from rewards.programs import NewProgram


class _VersionFile(Schema):
    effective_from = Day(load_default=None)
    rules = fields.List(fields.Nested(RuleSchema), required=True, validate=validate.Length(1, MOST_RULES))


class _ProgramFile(Schema):
    program = fields.Nested(ProgramIn, required=True)
    policy = fields.Nested(PolicyIn, load_default=None)
    versions = fields.List(fields.Nested(_VersionFile), required=True, validate=validate.Length(1, 100))
    about = Text(most=2000, load_default=None)


class _RulesFile(Schema):
    rules = fields.List(fields.Nested(RuleSchema), required=True, validate=validate.Length(1, MOST_RULES))


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A version to be drafted; `effective_from` None: from the day that the command names, or today."""

    effective_from: date | None
    rules: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """What a file says; `policy` is None where the program's policy must stand already."""

    program: NewProgram
    policy: Mapping[str, Any] | None
    versions: list[VersionFile]


def read_program(path: Path) -> ProgramFile:
    """A program's file.

    Raises:
        Invalid: `bad_file`, with the file, the line or the field, and what is wrong.
    """
    found = load_file(path, _ProgramFile())
    given = found["program"]
    plain = {name: value for name, value in given.items() if name not in ("funding", "eligibility")}
    funding = {name: given["funding"].get(name) for name in ("fund", "line")}
    return ProgramFile(
        NewProgram(**plain, **funding, **given["eligibility"]),
        found["policy"],
        [VersionFile(**each) for each in found["versions"]],
    )


def read_rules(path: Path) -> list[dict[str, Any]]:
    """The rules of a file that holds `rules:`, or of a program's file the last version's.

    Raises:
        Invalid: `bad_file`.
    """
    if "program" in (_parsed(path) or {}):
        return read_program(path).versions[-1].rules
    rules: list[dict[str, Any]] = load_file(path, _RulesFile())["rules"]
    return rules


class _Loader(yaml.SafeLoader):
    """Scalars stay text, but for whole numbers and true and false: an amount of 5.10 must not become a float."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in rules if tag.rsplit(":", 1)[1] in ("int", "bool", "null", "merge")
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _no_repeats(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    """A key that stands twice would silently win over the first."""
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            mark = node.value[place][0].start_mark
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _no_repeats)


def _parsed(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise Invalid("bad_file", f"{path}: {where}{error.problem}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise Invalid("bad_file", f"{path}: {error}.") from None


def load_file(path: Path, schema: Schema) -> Any:
    """A YAML file as its schema reads it.

    Raises:
        Invalid: `bad_file`.
    """
    parsed = _parsed(path)
    try:
        return schema.load(parsed, unknown=RAISE)
    except ValidationError as error:
        told = "; ".join(_flat(error.messages))
        raise Invalid("bad_file", f"{path}: {told}") from None


def _flat(messages: Any, at: str = "") -> Iterable[str]:
    """`program.currency: Not a currency code such as RUB.`"""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, at if name == "_schema" else f"{at}.{name}".lstrip("."))
    else:
        yield f"{at}: {' '.join(map(str, messages))}" if at else " ".join(map(str, messages))
