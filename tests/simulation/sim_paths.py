"""Where the other tests' helpers are; imported before them, by pytest and by the command alike."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
for folder in (TESTS.parent, TESTS, TESTS / "api", TESTS / "payouts"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
