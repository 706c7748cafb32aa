"""What keeps a job from its schedule: the entry that says so."""

from __future__ import annotations

from datetime import datetime

from scheduler.rules.state import Job


def word_against(job: Job, instant: datetime | None = None) -> int | None:
    """The entry that keeps a job from its schedule; None if there is none, or if the pause was over at `instant`."""
    if not job.present:
        return job.removed_seq
    until = job.enablement.until
    if job.enablement.enabled or (instant is not None and until is not None and until < instant):
        return None
    return job.enablement.seq
