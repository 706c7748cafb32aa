"""What the built-in jobs do: they delete the files that were last changed before the retention of their kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.builtin import RegisteredJob, retention
from scheduler.builtin.protected_paths import OutputInUse, protected, targets
from scheduler.builtin.retention_report import RetentionTally
from scheduler.definition import Directory
from scheduler.home import Home
from scheduler.vocabulary import RetentionApplied


def clean(
    job: RegisteredJob,
    home: Home,
    directories: Sequence[Directory],
    keep_for: int,
    now: datetime,
    keep: OutputInUse,
    tally: RetentionTally,
    *,
    dry_run: bool,
) -> RetentionApplied:
    """Clean cronledger's own folder of the job's kind and the given folders; see `retention` for the rules.

    Args:
        job: `cleanup-sessions` for sessions, `log-cleanup` for logs (and their empty folders of past dates).
        home: whose sessions or logs.
        directories: further folders, relative to the home or absolute.
        keep_for: how long a file is kept after its last change, in the job's unit: hours, or days of 24 hours.
        now: aware.
        keep: whether a file of captured output belongs to a run that is still running.
        tally: a new one, in which the work is counted.
        dry_run: only count.
    """
    cutoff = now - timedelta(**{job.unit: keep_for})
    for target in (_own_folder(job, home), *targets(home, directories)):
        retention.apply(target, cutoff, protected(home, keep), tally, dry_run=dry_run)
    return tally.applied(job.kind, cutoff, dry_run=dry_run)


def _own_folder(job: RegisteredJob, home: Home) -> retention.Target:
    if job.kind == "sessions":
        return retention.Target(home.sessions, None)
    return retention.Target(home.logs, None, dated=True)
