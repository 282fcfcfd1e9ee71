"""What a file is called when it is saved: RFC 6266, whatever is in the name."""

import re
from urllib.parse import quote

from flask import Response

_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff/\\:*?\"<>|]")


def attached(answer: Response, name: str) -> Response:
    """The answer as a file of that name: no path, no control or direction characters; a name beyond ASCII stands once
    for old clients, with `_` for what they cannot read, and once as it is.
    """
    name = _UNSAFE.sub("_", name).lstrip(". ")[:150] or "file"
    plain = _PLAIN.sub("_", name)
    header = f'attachment; filename="{plain}"'
    if plain != name:
        header += f"; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Disposition"] = header
    return answer
