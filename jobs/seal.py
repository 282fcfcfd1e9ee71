"""Seal what was posted."""

from datetime import timedelta

from core.database import transaction
from jobs.job import Context, Job
from ledger.keyring import load_signer
from ledger.seal import MOST_POSTINGS, seal_next, summarize
from ledger.seals import newest

REST = timedelta(seconds=30)


def step(context: Context) -> dict[str, int]:
    """One seal. Nothing is left when the last one had room for more just now: writers never stop, this does."""
    with transaction(context.engine) as session:
        last = newest(session)
    if last is not None and last.postings < MOST_POSTINGS and abs(context.now() - last.sealed_at) < REST:
        return {}
    taken = seal_next(context.engine, load_signer(context.settings), context.now())
    if taken is None:
        return {}
    summarize(context.engine)
    return {"seals": 1, "entries": taken.entries, "postings": taken.postings}


JOB = Job("seal", timedelta(minutes=1), step, "seals new entries: Merkle root, chain, signature")
