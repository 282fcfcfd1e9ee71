"""SAFETY.md names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_safety_names_is_there() -> None:
    told = (ROOT / "SAFETY.md").read_text(encoding="utf-8")
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    missing, last = [], ""
    for place in re.findall(r"`((?:tests/|test_)[^`]+)`", told):
        path, _, test = place.partition("::")
        name = path.rpartition("/")[2]
        if name and not name.endswith(".py"):  # a test of the file before it
            name, test = last, name
        if path.endswith("/"):
            known = (ROOT / path).is_dir()
        else:
            known = name in files and (
                not path.startswith("tests/") or "::" in place or (ROOT / path).exists()
            )
            known = (
                known and f"def {test.rstrip('…')}" in files[name].read_text(encoding="utf-8")
                if test
                else known
            )
        last = name or last
        if not known:
            missing.append(place)
    assert missing == []
