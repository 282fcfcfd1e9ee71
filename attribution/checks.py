"""The self-check of the tallies. It halts nothing: the books are whole, and rewards follow a tally that is put right."""

from functools import partial

from sqlalchemy.orm import Session

from attribution.recount import tally_findings
from core.settings import Settings
from ledger.check import Check
from ledger.finding import Finding

NAME = "tally_wrong"
ABOUT = "the tallies of the last three days are what their events come to; `kopeck tallies verify` proves all"


def tally_check(settings: Settings) -> Check:
    """With the settings, which say what a qualified view is."""
    return Check(NAME, ABOUT, "attribution", halts=False, find=partial(_find, settings=settings))


def _find(session: Session, settings: Settings) -> list[Finding]:
    found = tally_findings(session, settings)
    return [Finding(NAME, subject, detail, halts=False) for subject, detail in found]
