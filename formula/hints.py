"""What a person probably meant by a sign or a habit of other languages that this one does not have."""

import re

# The longer before what they begin with. A sign may begin at the place of the error or one character before it.
_SIGNS = {
    "==": 'write "=" for equality',
    "**": "there are no powers",
    "<>": 'write "!="',
    "//": 'write "/"',
    "=<": 'write "<="',
    "=>": 'write ">="',
    "&&": 'write "and"',
    "||": 'write "or"',
    "&": 'write "and"',
    "|": 'write "or"',
    "!": 'write "not", or "!=" for what differs',
    "^": "there are no powers",
    "?": 'write "if(condition, a, b)"',
    ";": 'parts are divided by ","',
    "×": 'write "*"',
    "·": 'write "*"',
    "÷": 'write "/"',
    "−": 'write "-"',
    "–": 'write "-"',
    "≤": 'write "<="',
    "≥": 'write ">="',
    "≠": 'write "!="',
    "%": "a percent sign stands right behind a number, as in 3%",
    "[": 'write "("',
    "{": 'write "("',
}
_QUOTES = "“”„«»‘’`"


def instead(text: str, index: int) -> str | None:
    """What to write in place of what stands in the text at an index, if it is a known habit."""
    here = text[index : index + 1]
    before, behind = text[:index], text[index:]
    if here and here in _QUOTES:
        return "a text stands in straight quotes, \"so\" or 'so'"
    if here == "," and re.search(r"[0-9]\Z", before) and re.match(r",[0-9]", behind):
        return "a number has a decimal point and no digit groups"
    if here.isascii() and here.isdigit() and re.search(r"[0-9][ _]\Z", before):
        return "a number has no digit groups"
    if here == "." and (re.search(r"[0-9]\Z", before) or re.match(r"\.[0-9]", behind)):
        return "a number has digits on both sides of its one point, as in 0.5"
    for sign, meant in _SIGNS.items():
        if text.startswith(sign, index) or (len(sign) == 2 and index and text.startswith(sign, index - 1)):
            return meant
    return None
