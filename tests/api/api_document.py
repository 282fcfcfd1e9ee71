"""The OpenAPI document as the tests walk it: parameters, bodies, fields."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from api.app import create_app
from api.runtime import Runtime
from core.secrets import vault_of
from core.settings import load_settings

METHODS = ("get", "post", "put", "delete", "patch")


@cache
def document() -> dict[str, Any]:
    """The application's own document."""
    runtime = Runtime(None, load_settings({"KOPECK_HOME": "/nonexistent"}), vault_of(b"k" * 32))  # type: ignore[arg-type]
    made: dict[str, Any] = create_app(runtime).test_client().get("/openapi.json").get_json()
    return made


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    while "$ref" in schema:
        found: Any = document()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def documented() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of everything in the document."""
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def parameters(method: str, path: str, place: str) -> dict[str, dict[str, Any]]:
    """The schemas of an operation's parameters by name."""
    item = document()["paths"][path]
    both = [resolve(each) for each in item.get("parameters", []) + item[method.lower()].get("parameters", [])]
    return {each["name"]: each.get("schema", {}) for each in both if each["in"] == place}


def text_fields(schema: dict[str, Any], at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body of this schema holds text: the way to each field, 0 for the first of a list."""
    schema = resolve(schema)
    for option in schema.get("anyOf", []):
        yield from text_fields(option, at)
    kinds = schema.get("type", [])
    if "string" in ([kinds] if isinstance(kinds, str) else kinds):
        yield at
    for name, inner in schema.get("properties", {}).items():
        yield from text_fields(inner, (*at, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from text_fields(schema["additionalProperties"], (*at, "any"))
    if "items" in schema:
        yield from text_fields(schema["items"], (*at, 0))


def put_at(body: Any, way: tuple[Any, ...], value: Any) -> Any:
    """A copy of `body` with `value` at `way`; what is missing on the way is made."""
    if not way:
        return value
    first, *rest = way
    if first == 0:
        items = list(body) if isinstance(body, list) and body else [{} if rest else None]
        return [put_at(items[0], tuple(rest), value), *items[1:]]
    return (body if isinstance(body, dict) else {}) | {
        first: put_at((body or {}).get(first) if isinstance(body, dict) else None, tuple(rest), value)
    }
