"""What went wrong, in a line that may be stored and shown.

A database error prints its statement and its parameters, which may be somebody's bank details; a client's error may
print the URL or the key it was made with. Neither gets past here.
"""

import re
from dataclasses import fields
from urllib.parse import urlsplit

from core.settings import Settings

LONGEST = 500
_SECRETS = re.compile(
    r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)"  # user and password of a URL
    r"|\b(?:sk|rk|pk|whsec)_\w+"  # keys of providers
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]+"
    r"|\b[0-9a-fA-F]{64}\b"
)
_SECRET_FIELD = re.compile(r"key|secret|password|token")


def describe(error: BaseException, settings: Settings) -> str:
    """Type and message, without secrets, at most `LONGEST` characters."""
    original = getattr(error, "orig", None)
    if original is not None:
        diagnosis = getattr(original, "diag", None)
        message = getattr(diagnosis, "message_primary", None) or "the database did not answer"
        code = getattr(original, "pgcode", None)
        text = f"{type(original).__name__}: {message}" + (f" ({code})" if code else "")
    else:
        code = getattr(error, "code", None) if hasattr(error, "fields") else None
        text = f"{type(error).__name__}: {f'{code}: ' if code else ''}{error}"
    for secret in _secrets_of(settings):
        text = text.replace(secret, "***")
    text = _SECRETS.sub("***", text).replace("\x00", "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _secrets_of(settings: Settings) -> list[str]:
    named = [getattr(settings, item.name) for item in fields(settings) if _SECRET_FIELD.search(item.name)]
    password = urlsplit(settings.database_url).password if settings.database_url else None
    return [str(value) for value in [*named, password] if value and len(str(value)) > 3]
