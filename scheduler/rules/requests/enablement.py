"""Enablement: what is recorded when a person decides whether a job runs on its schedule. Pure rules."""

from __future__ import annotations

from datetime import datetime

from scheduler import vocabulary as v
from scheduler.rules.state import Job


def enabling(job: Job, reason: str) -> v.JobEnabled | None:
    """The payload that lets a job run on its schedule; None if the job does so already."""
    return None if job.on_schedule else v.JobEnabled(reason=reason)


def disabling(job: Job, reason: str, until: datetime | None) -> v.JobDisabled | None:
    """The payload that disables a job; None if the job is disabled for good already and `until` is None.

    Args:
        job: the job.
        reason: why, for the ledger.
        until: the end of the pause; None: for good.
    """
    for_good = not job.on_schedule and job.enablement.until is None
    return None if for_good and until is None else v.JobDisabled(reason=reason, until=until)
