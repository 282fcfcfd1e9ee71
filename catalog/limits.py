"""What a field of the catalog may hold: one place for the bulk decoder, the HTTP schemas and the documentation.

Patterns end in `\\Z`, because `$` would let a newline through. Text is stored as it came (emoji, right-to-left,
`{{7*7}}`); only what PostgreSQL cannot store (NUL, lone surrogates) and control characters are refused.
"""

from datetime import UTC, datetime

REFERENCE = r"^[A-Za-z0-9._-]{1,64}\Z"
_CONTROL = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
LINE = rf"^(?=.*\S)[^{_CONTROL}]+\Z"
PARAGRAPHS = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]*\Z"
WEB_ADDRESS = rf'^https?://[^/?#\s{_CONTROL}<>"\\^`{{|}}][^\s{_CONTROL}<>"\\^`{{|}}]*\Z'

MAX_NAME = 200
MAX_TITLE = 200
MAX_CATEGORY = 100
MAX_REGION = 64
MAX_CAPTION = 5_000
MAX_AVATAR_URL = 2_000
MAX_PRODUCTS = 1_000
MAX_ROWS = 50_000

FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2101, 1, 1, tzinfo=UTC)

STATUSES = ("active", "suspended")
KINDS = ("video", "image", "text")

# The rule of each pattern in words, for whoever sent something else.
IN_WORDS = {
    REFERENCE: "1 to 64 of A-Z a-z 0-9 . _ -",
    LINE: "one line of text without control characters, not blank",
    PARAGRAPHS: "text without control characters (line breaks as \\n)",
    WEB_ADDRESS: "an http:// or https:// address",
}
