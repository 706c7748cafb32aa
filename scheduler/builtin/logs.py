"""`log-cleanup`: deletes old captured output and log entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from scheduler.builtin import retention
from scheduler.builtin.protected_paths import protected, targets
from scheduler.builtin.retention_report import Tally
from scheduler.definition import Directory
from scheduler.home import Home
from scheduler.vocabulary import RetentionApplied

NAME = "log-cleanup"


def clean(
    home: Home,
    directories: Sequence[Directory],
    retention_days: int,
    now: datetime,
    keep: Callable[[str], bool],
    tally: Tally,
    *,
    dry_run: bool,
) -> RetentionApplied:
    """Clean cronledger's own logs, empty folders of past dates included, and the given folders.

    Args:
        home: whose logs.
        directories: further folders, relative to the home or absolute.
        retention_days: how long a file is kept after its last change, in days of 24 hours.
        now: aware.
        keep: whether a file of captured output belongs to a run that is still going.
        tally: a new one, in which the work is counted.
        dry_run: only count.
    """
    cutoff = now - timedelta(days=retention_days)
    own = retention.Target(home.logs, None, dated=True)
    for target in (own, *targets(home, directories)):
        retention.apply(target, cutoff, protected(home, keep), tally, dry_run=dry_run)
    return tally.applied("logs", cutoff, dry_run=dry_run)
