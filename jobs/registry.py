"""Every job, in the order of the data. A job is one file with a `JOB`; a new one is a line here."""

from jobs import (
    accrue,
    allocate,
    attribute,
    draft_payouts,
    housekeeping,
    partitions,
    price,
    qualify,
    release,
    seal,
    send_payouts,
    take_back,
    tally,
    unpark,
    verify,
    watermark,
)
from jobs.job import Job

JOBS: tuple[Job, ...] = (
    partitions.JOB,
    allocate.JOB,
    unpark.JOB,
    tally.JOB,
    qualify.JOB,
    attribute.JOB,
    take_back.JOB,
    price.JOB,
    accrue.JOB,
    release.JOB,
    draft_payouts.JOB,
    send_payouts.JOB,
    watermark.JOB,
    seal.JOB,
    verify.JOB,
    housekeeping.JOB,
)
