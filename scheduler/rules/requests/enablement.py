"""Enablement: what is recorded when a person decides whether a job runs on its schedule. Pure rules."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler import vocabulary as v
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import Job


def enabling(job: Job, reason: str, *, catch_up: bool = False) -> v.JobEnabled | None:
    """The payload that lets a job run on its schedule; None if the job does so already.

    Args:
        job: the job.
        reason: why, for the ledger.
        catch_up: have what passed since it was disabled go through its catch-up policy.
    """
    return None if job.on_schedule else v.JobEnabled(reason=reason, catch_up=catch_up)


def can_catch_up(job: Job) -> bool:
    """Whether the job's catch-up policy wants anything run that was missed."""
    return job.definition.catch_up != "none"


class KeptBack(NamedTuple):
    """Instants of a pause that are still to go through the job's catch-up policy: how many, and since when."""

    instants: int
    since: datetime


def kept_back(job: Job) -> KeptBack | None:
    """What a pause kept back and is to be caught up on; None if there is nothing."""
    pauses = [span for span in job.unsettled if span.reason == "paused"]
    count = sum(schedule_of(span.definition).summary(span.after, span.until).count for span in pauses)
    return KeptBack(count, pauses[0].after) if count else None


def disabling(job: Job, reason: str, until: datetime | None) -> v.JobDisabled | None:
    """The payload that disables a job; None if the job is disabled for good already and `until` is None.

    Args:
        job: the job.
        reason: why, for the ledger.
        until: the end of the pause; None: for good.
    """
    for_good = not job.on_schedule and job.enablement.until is None
    return None if for_good and until is None else v.JobDisabled(reason=reason, until=until)
