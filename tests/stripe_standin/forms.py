"""Stripe's form bodies (`a[b][0][c]=v`) and its lists (newest first, by cursor)."""

import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

from stripe_standin.state import Object, Refusal


def decode(text: str) -> Object:
    """Nested dicts and lists of a form body or a query; every value is text."""
    root: Object = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        head, *rest = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        at, place = root, head
        for part in rest:
            at = at.setdefault(place, {})
            place = part or str(len(at))
        at[place] = value
    return {name: _lists(value) for name, value in root.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def page(objects: Iterable[Object], query: Object, url: str) -> Object:
    """The page of a list that the query asks for; `objects` are newest first. Inner fields (`_x`) stay inside."""
    rows = [row for row in objects if _created(row, query.get("created"))]
    limit = int(query.get("limit", 10))
    if not 1 <= limit <= 100:
        raise Refusal(400, "limit is 1 to 100", "parameter_invalid_integer", param="limit")
    backwards = "ending_before" in query
    for name in ("starting_after", "ending_before"):
        if name in query:
            place = next((i for i, row in enumerate(rows) if row["id"] == query[name]), None)
            if place is None:
                raise Refusal(400, f"No such object: '{query[name]}'", "resource_missing", param=name)
            rows = rows[:place] if backwards else rows[place + 1 :]
    shown = rows[-limit:] if backwards else rows[:limit]
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": [bare(row) for row in shown]}


def bare(row: Object) -> Object:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _created(row: Object, asked: Any) -> bool:
    if asked is None:
        return True
    at = row["created"]
    if not isinstance(asked, dict):
        return bool(at == int(asked))
    tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(tests[name](int(value)) for name, value in asked.items())
