"""Seal what was posted."""

from datetime import timedelta

from jobs.job import Context, Job
from ledger.keyring import load_signer
from ledger.seal import seal_next, summarize


def step(context: Context) -> dict[str, int]:
    """One seal. Nothing is left when every transaction that has ended is sealed."""
    taken = seal_next(context.engine, load_signer(context.settings), context.now())
    if taken is None:
        return {}
    summarize(context.engine)
    return {"seals": 1, "entries": taken.entries, "postings": taken.postings}


JOB = Job("seal", timedelta(minutes=1), step, "seals new entries: Merkle root, chain, signature")
