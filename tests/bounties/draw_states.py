"""Draws the states of `bounties.states` into docs/bounties.md: `python tests/bounties/draw_states.py` after a change."""

import re
from pathlib import Path

from bounties.states import BOUNTY, CLAIM, Move

PAGE = Path(__file__).parents[2] / "docs" / "bounties.md"
MARKED = re.compile(
    r"(<!-- states: drawn from bounties/states.py -->\n).*?(<!-- end of states -->)", re.DOTALL
)


def drawn() -> str:
    """Both diagrams and tables, as Markdown."""
    return "\n".join(_subject(name, moves) for name, moves in (("A bounty", BOUNTY), ("A claim", CLAIM)))


def _subject(name: str, moves: tuple[Move, ...]) -> str:
    arrows = [
        f"    {before or '[*]'} --> {after}: {move.verb} ({move.who})"
        for move in moves
        for before in move.before or ("",)
        for after in move.after
    ]
    rows = [
        f"| `{move.verb}` | {move.who} | {', '.join(move.before) or '-'} | {', '.join(move.after)} | {move.money or '-'} |"
        for move in moves
    ]
    head = ["| verb | who | from | to | money |", "|---|---|---|---|---|"]
    return "\n".join(
        [f"### {name}", "", "```mermaid", "stateDiagram-v2", *arrows, "```", "", *head, *rows, ""]
    )


def page(text: str) -> str:
    """The page with the states as they are now."""
    return MARKED.sub(lambda found: found[1] + "\n" + drawn() + "\n" + found[2], text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
